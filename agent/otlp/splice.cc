#include "agent/otlp/splice.h"

#include <algorithm>
#include <cstdint>

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"

namespace dualtrace::agent {
namespace {

using Additions = std::span<const ResourceAddition>;

bool contains(const std::vector<std::string>& keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

std::string encoded_attribute(std::string_view key, std::string_view value) {
  std::string any_value;
  append_bytes_field(any_value, kAnyValueString, value);
  std::string key_value;
  append_bytes_field(key_value, kKeyValueKey, key);
  append_bytes_field(key_value, kKeyValueValue, any_value);
  std::string attribute;
  append_bytes_field(attribute, kResourceAttributes, key_value);
  return attribute;
}

// What one ResourceSpans needs.
struct Edit {
  std::optional<WireField> resource;  // the last one, if there is any; protobuf merges them
  std::string attributes;             // encoded, empty when nothing is to be added
};

class Splicer {
 public:
  Splicer(std::string_view request, Additions additions)
      : request_(request), additions_(additions) {}

  Result<std::optional<std::string>> run();

 private:
  Result<Edit> plan(std::string_view resource_spans);
  // Marks the additions that one of the resource's own keys makes superfluous.
  Status mark_present(std::string_view resource, std::vector<bool>& present) const;
  // Whether there are spans, and each has an attribute with one of the keys.
  Result<bool> all_spans_have(std::string_view resource_spans,
                              const std::vector<std::string>& keys) const;
  Result<bool> span_has(std::string_view span, const std::vector<std::string>& keys) const;
  Result<std::string_view> key_of(std::string_view key_value) const;
  void append_edited(std::string_view resource_spans, const Edit& edit, std::string& out) const;
  size_t resource_spans_count() const;

  const std::string_view request_;
  const Additions additions_;
};

Result<std::optional<std::string>> Splicer::run() {
  std::optional<std::string> out;
  const char* copied = request_.data();
  WireReader top(request_, kRequestBytesFields);
  while (const auto field = top.next()) {
    if (field->number != kRequestResourceSpans) {
      continue;
    }
    Result<Edit> edit = plan(field->value);
    if (!edit) {
      return fail(std::move(edit).error());
    }
    if (edit->attributes.empty()) {
      continue;
    }
    if (!out) {
      out.emplace();
      out->reserve(request_.size() + resource_spans_count() * spliced_bytes_max(additions_));
    }
    out->append(copied, field->whole.data());
    append_edited(field->value, *edit, *out);
    copied = field->whole.data() + field->whole.size();
  }
  if (top.fault() != nullptr) {
    return top.failure(request_);
  }
  if (out) {
    out->append(copied, request_.data() + request_.size());
  }
  return out;
}

Result<Edit> Splicer::plan(std::string_view resource_spans) {
  Edit edit;
  std::vector<bool> present(additions_.size(), false);
  WireReader reader(resource_spans, kResourceSpansBytesFields);
  while (const auto field = reader.next()) {
    if (field->number == kResourceSpansResource) {
      edit.resource = *field;
      if (Status marked = mark_present(field->value, present); !marked) {
        return fail(std::move(marked).error());
      }
    }
  }
  if (reader.fault() != nullptr) {
    return reader.failure(request_);
  }
  for (size_t index = 0; index < additions_.size(); ++index) {
    const ResourceAddition& addition = additions_[index];
    if (present[index]) {
      continue;
    }
    if (!addition.unless_spans_have.empty()) {
      const Result<bool> on_spans = all_spans_have(resource_spans, addition.unless_spans_have);
      if (!on_spans) {
        return fail(on_spans.error());
      }
      if (*on_spans) {
        continue;
      }
    }
    for (const auto& [key, value] : addition.add) {
      edit.attributes += encoded_attribute(key, value);
      for (size_t later = index + 1; later < additions_.size(); ++later) {
        present[later] = present[later] || contains(additions_[later].unless_resource_has, key);
      }
    }
  }
  return edit;
}

Status Splicer::mark_present(std::string_view resource, std::vector<bool>& present) const {
  WireReader reader(resource, kResourceBytesFields);
  while (const auto field = reader.next()) {
    if (field->number != kResourceAttributes) {
      continue;
    }
    const Result<std::string_view> key = key_of(field->value);
    if (!key) {
      return fail(key.error());
    }
    for (size_t index = 0; index < additions_.size(); ++index) {
      present[index] = present[index] || contains(additions_[index].unless_resource_has, *key);
    }
  }
  return reader.fault() != nullptr ? Status(reader.failure(request_)) : Status();
}

Result<bool> Splicer::all_spans_have(std::string_view resource_spans,
                                     const std::vector<std::string>& keys) const {
  bool any = false;
  WireReader scopes(resource_spans, kResourceSpansBytesFields);
  while (const auto scope = scopes.next()) {
    if (scope->number != kResourceSpansScopeSpans) {
      continue;
    }
    WireReader spans(scope->value, kScopeSpansBytesFields);
    while (const auto span = spans.next()) {
      if (span->number != kScopeSpansSpans) {
        continue;
      }
      any = true;
      Result<bool> has = span_has(span->value, keys);
      if (!has || !*has) {
        return has;
      }
    }
    if (spans.fault() != nullptr) {
      return spans.failure(request_);
    }
  }
  return any;
}

Result<bool> Splicer::span_has(std::string_view span, const std::vector<std::string>& keys) const {
  WireReader reader(span, kSpanBytesFields);
  while (const auto field = reader.next()) {
    if (field->number != kSpanAttributes || field->type != WireType::kBytes) {
      continue;
    }
    const Result<std::string_view> key = key_of(field->value);
    if (!key) {
      return fail(key.error());
    }
    if (contains(keys, *key)) {
      return true;
    }
  }
  if (reader.fault() != nullptr) {
    return reader.failure(request_);
  }
  return false;
}

Result<std::string_view> Splicer::key_of(std::string_view key_value) const {
  std::string_view key;
  WireReader reader(key_value, kKeyValueBytesFields);
  while (const auto field = reader.next()) {
    if (field->number == kKeyValueKey) {
      key = field->value;  // the last one counts, as in protobuf
    }
  }
  if (reader.fault() != nullptr) {
    return reader.failure(request_);
  }
  return key;
}

void Splicer::append_edited(std::string_view resource_spans, const Edit& edit,
                            std::string& out) const {
  const std::string_view old = edit.resource ? edit.resource->value : std::string_view();
  const std::string_view replaced = edit.resource ? edit.resource->whole : std::string_view();
  // Without a resource the new one goes first, where serialisers put it.
  const size_t at =
      edit.resource ? static_cast<size_t>(replaced.data() - resource_spans.data()) : 0;
  const size_t resource_bytes = old.size() + edit.attributes.size();
  append_bytes_header(out, kRequestResourceSpans,
                      resource_spans.size() - replaced.size() + bytes_field_size(resource_bytes));
  out.append(resource_spans.substr(0, at));
  append_bytes_header(out, kResourceSpansResource, resource_bytes);
  out.append(old).append(edit.attributes);
  out.append(resource_spans.substr(at + replaced.size()));
}

size_t Splicer::resource_spans_count() const {
  size_t count = 0;
  WireReader top(request_, kRequestBytesFields);
  while (const auto field = top.next()) {
    count += field->number == kRequestResourceSpans ? 1 : 0;
  }
  return count;
}

}  // namespace

Result<std::optional<std::string>> splice(std::string_view request, Additions additions) {
  return Splicer(request, additions).run();
}

size_t spliced_bytes_max(Additions additions) {
  constexpr size_t kLengthsBytesMax = 16;  // a resource's tag and length, and two longer lengths
  size_t bytes = kLengthsBytesMax;
  for (const ResourceAddition& addition : additions) {
    for (const auto& [key, value] : addition.add) {
      bytes += encoded_attribute(key, value).size();
    }
  }
  return bytes;
}

}  // namespace dualtrace::agent
