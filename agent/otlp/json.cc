// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/json.h"

#include <google/protobuf/descriptor.h>

#include <bit>
#include <limits>
#include <optional>
#include <utility>

#include "agent/otlp/json_number.h"
#include "agent/otlp/json_reader.h"
#include "agent/otlp/json_schema.h"
#include "agent/otlp/wire.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kMessagesMax = 100;  // nesting depth; protobuf's own parsers refuse more

std::optional<uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

// In both alphabets, as the JSON mapping of protobuf requires.
std::optional<uint8_t> base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<uint8_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<uint8_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0' + 52);
  if (c == '+' || c == '-') return uint8_t{62};
  if (c == '/' || c == '_') return uint8_t{63};
  return std::nullopt;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes;
  for (size_t at = 0; at + 1 < text.size(); at += 2) {
    const auto high = hex_digit(text[at]);
    const auto low = hex_digit(text[at + 1]);
    if (!high || !low) return std::nullopt;
    bytes.push_back(static_cast<char>(*high << 4 | *low));
  }
  return bytes;
}

std::optional<std::string> from_base64(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto digit = base64_digit(c);
    if (!digit) return std::nullopt;
    bits = bits << 6 | *digit;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count));
  }
  return bytes;
}

// A number in any notation, or a string with one, if its value is an integer.
template <typename Integer>
std::optional<Integer> integer_of(std::string_view text) {
  if constexpr (std::is_signed_v<Integer>) {
    const auto number = int64_of_number(text);
    if (!number || !std::in_range<Integer>(*number)) return std::nullopt;
    return static_cast<Integer>(*number);
  } else {
    const auto number = uint64_of_number(text);
    if (!number || !std::in_range<Integer>(*number)) return std::nullopt;
    return static_cast<Integer>(*number);
  }
}

std::optional<double> double_of(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return double_of_number(text);
}

// The specification requires integers. The names that protobuf's own mapping writes are accepted,
// too.
std::optional<int32_t> enum_of(const JsonField& field, std::string_view text) {
  const auto* known = field.enumeration->FindValueByName(std::string(text));
  return known == nullptr ? integer_of<int32_t>(text) : known->number();
}

std::string enum_wanted(const JsonField& field) {
  std::string text = "not one of";
  for (int i = 0; i < field.enumeration->value_count(); ++i) {
    const auto* value = field.enumeration->value(i);
    text += (i == 0 ? " " : ", ") + std::to_string(value->number()) + " (" + value->name() + ")";
  }
  return text;
}

// The signal whose export starts with this key; nullptr for any other key of a request.
const char* other_signal(std::string_view key) {
  if (key == "resourceMetrics" || key == "resource_metrics") return "metrics";
  if (key == "resourceLogs" || key == "resource_logs") return "logs";
  if (key == "resourceProfiles" || key == "resource_profiles") return "profiles";
  return nullptr;
}

// Reads the text and appends messages to one string. One byte is reserved for each length. If a
// length needs more, the message is moved, which is cheaper than computing lengths in advance.
class WireWriter {
 public:
  explicit WireWriter(std::string& json) : json_(json) { out_.reserve(json.size()); }

  // Returns false on a fault; `fault` then says what and where.
  bool request(const JsonMessage& schema) {
    return message(schema, 0) && (json_.at_end() || refuse(json_.fault()));
  }

  std::string fault;
  std::string take() { return std::move(out_); }

 private:
  bool message(const JsonMessage& schema, size_t depth);
  bool member(const JsonField& field, size_t depth, bool& oneof_taken);
  bool list(const JsonField& field, size_t depth);
  bool value(const JsonField& field, size_t depth);
  bool nested(const JsonField& field, size_t depth);
  bool text(const JsonField& field);
  bool number(const JsonField& field);
  bool truth(const JsonField& field);
  bool id(const JsonField& field, std::string_view text);

  template <typename Integer>
  bool varint(const JsonField& field, std::optional<Integer> number, std::string_view wanted) {
    if (!number) return refuse(wanted);
    append_varint(out_, field.number << 3);
    append_varint(out_, static_cast<uint64_t>(*number));  // sign-extended if negative
    return true;
  }
  template <typename Bits, typename Number>
  bool fixed(const JsonField& field, std::optional<Number> number, std::string_view wanted) {
    if (!number) return refuse(wanted);
    const auto type = sizeof(Bits) == 8 ? WireType::kFixed64 : WireType::kFixed32;
    append_varint(out_, field.number << 3 | static_cast<uint32_t>(type));
    const auto bits = std::bit_cast<Bits>(*number);
    for (size_t i = 0; i < sizeof(Bits); ++i) out_.push_back(static_cast<char>(bits >> 8 * i));
    return true;
  }
  // A syntax error takes precedence over what was expected there.
  bool refuse(std::string_view text) {
    fault = ": ";
    fault += json_.fault().empty() ? text : std::string_view(json_.fault());
    return false;
  }
  // Prepends the place to the fault. Of a very long place, only both ends are shown.
  void add_place(const std::string& place) {
    if (fault.size() > 400) fault = "..." + fault.substr(fault.size() - 200);
    fault.insert(0, place);
  }

  JsonReader json_;
  std::string out_;
};

bool WireWriter::message(const JsonMessage& schema, size_t depth) {
  if (depth > kMessagesMax) return refuse("nested too deeply");
  if (json_.peek() != JsonReader::Kind::kObject) return refuse("not an object");
  if (!json_.enter_object()) return refuse("");
  bool oneof_taken = false;
  while (const auto key = json_.next_key()) {
    const JsonField* known = schema.find(*key);
    const bool null = json_.peek() == JsonReader::Kind::kNull;
    const char* signal = depth == 0 && known == nullptr && !null ? other_signal(*key) : nullptr;
    if (signal != nullptr) {
      return refuse(std::string("this is an export of ") + signal +
                    "; this endpoint accepts only traces");
    }
    if (known == nullptr || null) {
      if (!json_.skip()) return refuse("");
    } else if (!member(*known, depth, oneof_taken)) {
      return false;
    }
  }
  return json_.fault().empty() || refuse("");
}

bool WireWriter::member(const JsonField& field, size_t depth, bool& oneof_taken) {
  if (field.in_oneof && std::exchange(oneof_taken, true)) {
    return refuse("more than one value of a oneof");
  }
  if (field.repeated) return list(field, depth);
  if (value(field, depth)) return true;
  add_place("." + field.name);
  return false;
}

bool WireWriter::list(const JsonField& field, size_t depth) {
  if (json_.peek() != JsonReader::Kind::kArray || !json_.enter_array()) {
    refuse("not an array");
    add_place("." + field.name);
    return false;
  }
  for (size_t index = 0; json_.next_item(); ++index) {
    if (!value(field, depth)) {
      add_place("." + field.name + "[" + std::to_string(index) + "]");
      return false;
    }
  }
  if (json_.fault().empty()) return true;
  refuse("");
  add_place("." + field.name);
  return false;
}

bool WireWriter::value(const JsonField& field, size_t depth) {
  switch (field.kind) {
    case JsonKind::kText:
    case JsonKind::kId:
    case JsonKind::kBytes:
      return text(field);
    case JsonKind::kMessage:
      return nested(field, depth);
    case JsonKind::kBool:
      return truth(field);
    default:
      return number(field);
  }
}

bool WireWriter::text(const JsonField& field) {
  const bool is_text = json_.peek() == JsonReader::Kind::kText;
  const auto text = is_text ? json_.text() : std::nullopt;
  if (is_text && !text) return refuse("");
  if (field.kind == JsonKind::kId) return id(field, text.value_or("no digit"));
  if (field.kind == JsonKind::kBytes) {
    const auto bytes = text ? from_base64(*text) : std::nullopt;
    if (!bytes) return refuse("not base64");
    append_bytes_field(out_, field.number, *bytes);
    return true;
  }
  if (!text) return refuse("not a string");
  append_bytes_field(out_, field.number, *text);
  return true;
}

bool WireWriter::truth(const JsonField& field) {
  const JsonReader::Kind kind = json_.peek();
  const bool yes = kind == JsonReader::Kind::kTrue;
  const bool taken =
      yes ? json_.literal("true") : kind == JsonReader::Kind::kFalse && json_.literal("false");
  return varint(field, taken ? std::optional(int32_t{yes}) : std::nullopt, "not true or false");
}

bool WireWriter::number(const JsonField& field) {
  const JsonReader::Kind kind = json_.peek();
  std::optional<std::string_view> written;
  if (kind == JsonReader::Kind::kNumber) written = json_.number();
  if (kind == JsonReader::Kind::kText) written = json_.text();
  if (!json_.fault().empty()) return refuse("");
  const std::string_view text = written.value_or("");
  switch (field.kind) {
    case JsonKind::kUint32:
      return varint(field, integer_of<uint32_t>(text), "not a 32-bit integer");
    case JsonKind::kInt32:
      return varint(field, integer_of<int32_t>(text), "not a 32-bit integer");
    case JsonKind::kInt64:
      return varint(field, integer_of<int64_t>(text), "not a 64-bit integer");
    case JsonKind::kFixed32:
      return fixed<uint32_t>(field, integer_of<uint32_t>(text), "not a 32-bit integer");
    case JsonKind::kFixed64:
      return fixed<uint64_t>(field, integer_of<uint64_t>(text), "not a 64-bit integer");
    case JsonKind::kDouble:
      return fixed<uint64_t>(field, double_of(text), "not a number");
    case JsonKind::kEnum: {
      const auto number = enum_of(field, text);
      // A negative one would need more bytes on the wire than in the text.
      if (!number || *number < 0) return refuse(enum_wanted(field));
      return varint(field, number, "");
    }
    default:
      return refuse("field of unknown type");
  }
}

bool WireWriter::nested(const JsonField& field, size_t depth) {
  append_bytes_header(out_, field.number, 0);
  const size_t begin = out_.size();
  if (!message(*field.message, depth + 1)) return false;
  const size_t size = out_.size() - begin;
  if (size == 0) return true;
  std::string length;
  append_varint(length, size);
  out_[begin - 1] = length[0];
  out_.insert(begin, length, 1);
  return true;
}

bool WireWriter::id(const JsonField& field, std::string_view text) {
  const bool right_size =
      text.size() == 2 * field.id_bytes || (text.empty() && field.id_may_be_empty);
  const auto bytes = right_size ? from_hex(text) : std::nullopt;
  if (!bytes) return refuse(field.id_bytes == 16 ? "not 32 hex digits" : "not 16 hex digits");
  if (!bytes->empty()) append_bytes_field(out_, field.number, *bytes);  // "" means absent
  return true;
}

}  // namespace

Result<std::string> protobuf_from_json(std::string json) {
  WireWriter writer(json);
  if (!writer.request(json_request_schema())) {
    return fail(ErrorKind::kInvalid,
                "json: " + writer.fault.substr(writer.fault.find_first_not_of(".: ")));
  }
  return writer.take();
}

}  // namespace dualtrace::agent
