#include "agent/otlp/json.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::agent {
namespace {

using Request = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

enum class Message { kRequest, kResourceSpans, kScopeSpans, kSpan, kLink };

// What stands in a field, as far as ids are concerned.
struct FieldKind {
  const char* name = nullptr;
  std::optional<Message> message{};
  size_t id_bytes = 0;
  bool may_be_empty = false;
};

FieldKind kind_of(Message message, uint32_t number) {
  const FieldKind trace_id{.name = "traceId", .id_bytes = 16};
  const FieldKind span_id{.name = "spanId", .id_bytes = 8};
  switch (message) {
    case Message::kRequest:
      return number == kRequestResourceSpans ? FieldKind{"resourceSpans", Message::kResourceSpans}
                                             : FieldKind{};
    case Message::kResourceSpans:
      return number == kResourceSpansScopeSpans ? FieldKind{"scopeSpans", Message::kScopeSpans}
                                                : FieldKind{};
    case Message::kScopeSpans:
      return number == kScopeSpansSpans ? FieldKind{"spans", Message::kSpan} : FieldKind{};
    case Message::kSpan:
      return number == kSpanTraceId  ? trace_id
             : number == kSpanSpanId ? span_id
             : number == kSpanParentSpanId
                 ? FieldKind{.name = "parentSpanId", .id_bytes = 8, .may_be_empty = true}
             : number == kSpanLinks ? FieldKind{"links", Message::kLink}
                                    : FieldKind{};
    case Message::kLink:
      return number == kLinkTraceId ? trace_id : number == kLinkSpanId ? span_id : FieldKind{};
  }
  return {};
}

// The hex digit whose character is the base64 digit of that value.
std::optional<uint8_t> hex_digit(uint32_t base64_digit) {
  if (base64_digit < 6) {
    return static_cast<uint8_t>(base64_digit + 10);  // A to F
  }
  if (base64_digit >= 26 && base64_digit < 32) {
    return static_cast<uint8_t>(base64_digit - 26 + 10);  // a to f
  }
  if (base64_digit >= 52 && base64_digit < 62) {
    return static_cast<uint8_t>(base64_digit - 52);  // 0 to 9
  }
  return std::nullopt;
}

// protobuf took the hex text for base64. Three of its bytes are four digits are two bytes of the
// id, without a remainder for ids of 8 and 16 bytes.
std::optional<std::string> id_from_base64_bytes(std::string_view bytes, size_t id_bytes) {
  if (bytes.size() * 2 != id_bytes * 3) {
    return std::nullopt;
  }
  std::string id;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const auto byte = [&](size_t offset) -> uint32_t {
      return static_cast<uint8_t>(bytes[at + offset]);
    };
    const uint32_t group = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (const int shift : {12, 0}) {
      const std::optional<uint8_t> high = hex_digit(group >> (shift + 6) & 0x3F);
      const std::optional<uint8_t> low = hex_digit(group >> shift & 0x3F);
      if (!high || !low) {
        return std::nullopt;
      }
      id.push_back(static_cast<char>(*high << 4 | *low));
    }
  }
  return id;
}

// The message with its ids, and those of the messages in it, as they should be.
Result<std::string> with_ids_restored(std::string_view bytes, Message message) {
  std::string out;
  out.reserve(bytes.size());
  size_t index = 0;
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    const FieldKind kind = kind_of(message, field->number);
    if (kind.message) {
      const Result<std::string> inner = with_ids_restored(field->value, *kind.message);
      if (!inner) {
        const std::string place = std::string(kind.name) + "[" + std::to_string(index) + "].";
        return fail(inner.error().with_prefix(place));
      }
      append_bytes_field(out, field->number, *inner);
      ++index;
    } else if (kind.id_bytes > 0 && !(kind.may_be_empty && field->value.empty())) {
      const auto id = id_from_base64_bytes(field->value, kind.id_bytes);
      if (!id) {
        return fail(ErrorKind::kInvalid, std::string(kind.name) + ": not " +
                                             std::to_string(2 * kind.id_bytes) + " hex digits");
      }
      append_bytes_field(out, field->number, *id);
    } else {
      out.append(field->whole);
    }
  }
  return out;
}

// protobuf's message may quote the input over several lines; the client gets one line of plain
// text.
std::string one_line(std::string_view text) {
  constexpr size_t kCharactersMax = 200;
  std::string line(text.substr(0, std::min(text.find('\n'), kCharactersMax)));
  for (char& character : line) {
    if (character < ' ' || character > '~') {
      character = '?';
    }
  }
  return line;
}

// protobuf bounds how deep objects nest, but not arrays, each of which costs it 300 bytes. Strings
// are those it reads: in single quotes too.
bool nests_too_deep(std::string_view json) {
  constexpr int kDepthMax = 256;
  int depth = 0;
  char quote = '\0';
  for (size_t at = 0; at < json.size(); ++at) {
    const char character = json[at];
    if (quote != '\0') {
      if (character == '\\') {
        ++at;
      } else if (character == quote) {
        quote = '\0';
      }
    } else if (character == '"' || character == '\'') {
      quote = character;
    } else if (character == '[' || character == '{') {
      if (++depth > kDepthMax) {
        return true;
      }
    } else if (character == ']' || character == '}') {
      --depth;
    }
  }
  return false;
}

Result<std::string> wire_format_from_json(std::string_view json) {
  const auto* descriptor = Request::descriptor();
  const std::unique_ptr<google::protobuf::util::TypeResolver> resolver(
      google::protobuf::util::NewTypeResolverForDescriptorPool("otlp", descriptor->file()->pool()));
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  std::string bytes;
  const auto status =
      google::protobuf::util::JsonToBinaryString(resolver.get(), "otlp/" + descriptor->full_name(),
                                                 {json.data(), json.size()}, &bytes, options);
  if (!status.ok()) {
    const auto message = status.message();
    return fail(ErrorKind::kInvalid, one_line({message.data(), message.size()}));
  }
  return bytes;
}

}  // namespace

Result<std::string> protobuf_from_json(std::string_view json) {
  if (nests_too_deep(json)) {
    return fail(ErrorKind::kInvalid, "json: nested too deep");
  }
  const Result<std::string> bytes = wire_format_from_json(json);
  if (!bytes) {
    return fail(bytes.error().with_prefix("json: "));
  }
  Result<std::string> request = with_ids_restored(*bytes, Message::kRequest);
  if (!request) {
    return fail(request.error().with_prefix("json: "));
  }
  return request;
}

}  // namespace dualtrace::agent
