// SPDX-License-Identifier: Apache-2.0
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

// The edit of one ResourceSpans.
struct Edit {
  std::optional<WireField> resource;  // the last one, if there is any; protobuf merges them
  std::string attributes;             // encoded; empty if there is nothing to add
  std::vector<WireField> replaced;    // attributes to remove, in wire order
};

// An attribute that counts as absent for this addition, and is removed if the addition is made.
struct Blank {
  WireField field;
  size_t addition = 0;
};

struct Attribute {
  std::string_view key;
  bool has_text = false;
};

bool has_visible(std::string_view text) {
  return text.find_first_not_of(std::string_view(" \t\r\n\v\f\0", 7)) != std::string_view::npos;
}

class Splicer {
 public:
  Splicer(std::string_view request, Additions additions, const MayCopy& may_copy)
      : request_(request), additions_(additions), may_copy_(may_copy) {}

  Result<std::optional<std::string>> run();

 private:
  Result<Edit> plan(std::string_view resource_spans);
  // Marks the additions that the resource's own attributes make unnecessary, and collects the blank
  // attributes that the others would replace.
  Status mark_present(std::string_view resource, std::vector<bool>& present,
                      std::vector<Blank>& blanks) const;
  // Whether there are spans and each of them has an attribute with one of the keys.
  Result<bool> all_spans_have(std::string_view resource_spans,
                              const ResourceAddition& addition) const;
  Result<bool> span_has(std::string_view span, const ResourceAddition& addition) const;
  Result<Attribute> attribute(std::string_view key_value) const;
  void append_edited(std::string_view resource_spans, const Edit& edit, std::string& out) const;
  void append_rewritten(std::string_view resource_spans, const Edit& edit, std::string& out) const;
  size_t resource_spans_count() const;

  const std::string_view request_;
  const Additions additions_;
  const MayCopy& may_copy_;
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
      const size_t bytes = request_.size() + resource_spans_count() * spliced_bytes_max(additions_);
      if (Status allowed = may_copy_ ? may_copy_(bytes) : Status(); !allowed) {
        return fail(std::move(allowed).error());
      }
      out.emplace();
      out->reserve(bytes);
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
  std::vector<Blank> blanks;
  WireReader reader(resource_spans, kResourceSpansBytesFields);
  while (const auto field = reader.next()) {
    if (field->number == kResourceSpansResource) {
      edit.resource = *field;
      if (Status marked = mark_present(field->value, present, blanks); !marked) {
        return fail(std::move(marked).error());
      }
    }
  }
  if (reader.fault() != nullptr) {
    return reader.failure(request_);
  }
  std::vector<bool> applied(additions_.size(), false);
  for (size_t index = 0; index < additions_.size(); ++index) {
    const ResourceAddition& addition = additions_[index];
    if (present[index]) {
      continue;
    }
    if (!addition.unless_spans_have.empty()) {
      const Result<bool> on_spans = all_spans_have(resource_spans, addition);
      if (!on_spans) {
        return fail(on_spans.error());
      }
      if (*on_spans) {
        continue;
      }
    }
    // Once made, an addition counts for later ones as if the client had sent its attributes.
    applied[index] = true;
    for (const auto& [key, value] : addition.add) {
      edit.attributes += encoded_attribute(key, value);
      for (size_t later = index + 1; later < additions_.size(); ++later) {
        present[later] = present[later] || contains(additions_[later].unless_resource_has, key);
      }
    }
  }
  // Two additions can name the same blank attribute. It must be removed once: append_rewritten()
  // copies the bytes between removed attributes and relies on their order.
  for (const Blank& blank : blanks) {
    const bool known =
        !edit.replaced.empty() && edit.replaced.back().whole.data() == blank.field.whole.data();
    if (applied[blank.addition] && !known) {
      edit.replaced.push_back(blank.field);
    }
  }
  return edit;
}

Status Splicer::mark_present(std::string_view resource, std::vector<bool>& present,
                             std::vector<Blank>& blanks) const {
  WireReader reader(resource, kResourceBytesFields);
  while (const auto field = reader.next()) {
    if (field->number != kResourceAttributes) {
      continue;
    }
    const Result<Attribute> found = attribute(field->value);
    if (!found) {
      return fail(found.error());
    }
    for (size_t index = 0; index < additions_.size(); ++index) {
      if (!contains(additions_[index].unless_resource_has, found->key)) {
        continue;
      }
      if (found->has_text || !additions_[index].needs_text) {
        present[index] = true;
      } else {
        blanks.push_back({*field, index});
      }
    }
  }
  return reader.fault() != nullptr ? Status(reader.failure(request_)) : Status();
}

Result<bool> Splicer::all_spans_have(std::string_view resource_spans,
                                     const ResourceAddition& addition) const {
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
      Result<bool> has = span_has(span->value, addition);
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

Result<bool> Splicer::span_has(std::string_view span, const ResourceAddition& addition) const {
  WireReader reader(span, kSpanBytesFields);
  while (const auto field = reader.next()) {
    if (field->number != kSpanAttributes || field->type != WireType::kBytes) {
      continue;
    }
    const Result<Attribute> found = attribute(field->value);
    if (!found) {
      return fail(found.error());
    }
    if (contains(addition.unless_spans_have, found->key) &&
        (found->has_text || !addition.needs_text)) {
      return true;
    }
  }
  if (reader.fault() != nullptr) {
    return reader.failure(request_);
  }
  return false;
}

Result<Attribute> Splicer::attribute(std::string_view key_value) const {
  Attribute attribute;
  std::string_view value;
  WireReader reader(key_value, kKeyValueBytesFields);
  while (const auto field = reader.next()) {
    if (field->number == kKeyValueKey) {
      attribute.key = field->value;  // the last one wins, as in protobuf
    } else if (field->number == kKeyValueValue) {
      value = field->value;
    }
  }
  if (reader.fault() != nullptr) {
    return reader.failure(request_);
  }
  WireReader texts(value);
  while (const auto field = texts.next()) {
    attribute.has_text = field->number == kAnyValueString && field->type == WireType::kBytes &&
                         has_visible(field->value);
  }
  return attribute;
}

void Splicer::append_edited(std::string_view resource_spans, const Edit& edit,
                            std::string& out) const {
  if (!edit.replaced.empty()) {
    append_rewritten(resource_spans, edit, out);
    return;
  }
  const std::string_view old = edit.resource ? edit.resource->value : std::string_view();
  const std::string_view replaced = edit.resource ? edit.resource->whole : std::string_view();
  // A new resource comes first, where serializers put it.
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

// Copies each resource without the attributes to remove, and appends the new ones to the last
// resource.
void Splicer::append_rewritten(std::string_view resource_spans, const Edit& edit,
                               std::string& out) const {
  const char* copied = resource_spans.data();
  const auto up_to = [&copied](const char* end, std::string& to) { to.append(copied, end); };
  std::string contents;
  auto gone = edit.replaced.begin();
  WireReader reader(resource_spans, kResourceSpansBytesFields);
  while (const auto field = reader.next()) {
    if (field->number != kResourceSpansResource) {
      continue;
    }
    up_to(field->whole.data(), contents);
    const char* const end = field->whole.data() + field->whole.size();
    std::string resource;
    copied = field->value.data();
    for (; gone != edit.replaced.end() && gone->whole.data() < end; ++gone) {
      up_to(gone->whole.data(), resource);
      copied = gone->whole.data() + gone->whole.size();
    }
    up_to(end, resource);
    copied = end;
    if (field->whole.data() == edit.resource->whole.data()) {
      resource += edit.attributes;
    }
    append_bytes_field(contents, kResourceSpansResource, resource);
  }
  up_to(resource_spans.data() + resource_spans.size(), contents);
  append_bytes_field(out, kRequestResourceSpans, contents);
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
  return splice(request, additions, MayCopy{});
}

Result<std::optional<std::string>> splice(std::string_view request, Additions additions,
                                          const MayCopy& may_copy) {
  return Splicer(request, additions, may_copy).run();
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
