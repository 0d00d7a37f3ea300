#include "agent/otlp/json.h"

#include <google/protobuf/descriptor.h>
#include <simdjson.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "agent/otlp/json_schema.h"
#include "agent/otlp/wire.h"

namespace dualtrace::agent {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr size_t kDepthMax = 256;     // of arrays and objects, known or not
constexpr size_t kMessagesMax = 100;  // nested; more than that protobuf's own parsers refuse

std::optional<uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

// Of both alphabets, as the JSON mapping of protobuf wants it.
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

template <typename Number>
std::optional<Number> whole_text(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// As a number, with or without a fraction of zero, or as a text.
template <typename Integer>
std::optional<Integer> integer_of(element value) {
  switch (value.type()) {
    case element_type::INT64: {
      const int64_t number = value.get_int64().value_unsafe();
      if (!std::in_range<Integer>(number)) return std::nullopt;
      return static_cast<Integer>(number);
    }
    case element_type::UINT64: {
      const uint64_t number = value.get_uint64().value_unsafe();
      if (!std::in_range<Integer>(number)) return std::nullopt;
      return static_cast<Integer>(number);
    }
    case element_type::DOUBLE: {
      const double number = value.get_double().value_unsafe();
      // The limits as doubles: the upper one is the first that does not fit.
      const double end = std::ldexp(1.0, std::numeric_limits<Integer>::digits);
      const double least = std::is_signed_v<Integer> ? -end : 0.0;
      if (std::trunc(number) != number || number < least || number >= end) return std::nullopt;
      return static_cast<Integer>(number);
    }
    case element_type::STRING:
      return whole_text<Integer>(value.get_string().value_unsafe());
    default:
      return std::nullopt;
  }
}

std::optional<double> double_of(element value) {
  if (value.type() != element_type::STRING) {
    const auto number = value.get_double();
    return number.error() == simdjson::SUCCESS ? std::optional(number.value_unsafe())
                                               : std::nullopt;
  }
  const std::string_view text = value.get_string().value_unsafe();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  const auto number = whole_text<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

// The specification wants integers; names it knows are forgiven, others count as unknown, 0.
std::optional<int32_t> enum_of(const JsonField& field, element value) {
  if (value.type() != element_type::STRING) return integer_of<int32_t>(value);
  const std::string name(value.get_string().value_unsafe());
  const auto* known = field.enumeration->FindValueByName(name);
  return known == nullptr ? 0 : known->number();
}

// Writes messages to the end of one string. A length that turns out to need more than one byte
// moves what it measures: cheaper than knowing it before.
class WireWriter {
 public:
  explicit WireWriter(size_t bytes_expected) { out_.reserve(bytes_expected); }

  // False: `fault` says why and where.
  bool message(const JsonMessage& schema, simdjson::dom::object object, size_t depth);

  std::string fault;
  std::string take() { return std::move(out_); }

 private:
  bool list(const JsonField& field, element value, size_t depth);
  bool value(const JsonField& field, element value, size_t depth);
  bool nested(const JsonField& field, element value, size_t depth);
  bool id(const JsonField& field, element value);
  bool bytes(const JsonField& field, element value);

  template <typename Integer>
  bool varint(const JsonField& field, std::optional<Integer> number, const char* wanted) {
    if (!number) return refuse(wanted);
    append_varint(out_, field.number << 3);
    append_varint(out_, static_cast<uint64_t>(*number));  // a negative one has its sign extended
    return true;
  }
  template <typename Bits, typename Number>
  bool fixed(const JsonField& field, std::optional<Number> number, const char* wanted) {
    if (!number) return refuse(wanted);
    const auto type = sizeof(Bits) == 8 ? WireType::kFixed64 : WireType::kFixed32;
    append_varint(out_, field.number << 3 | static_cast<uint32_t>(type));
    const auto bits = std::bit_cast<Bits>(*number);
    for (size_t i = 0; i < sizeof(Bits); ++i) out_.push_back(static_cast<char>(bits >> 8 * i));
    return true;
  }
  bool refuse(const char* text) {
    fault = std::string(": ") + text;
    return false;
  }
  // Goes before the fault; of a place that is very deep only both ends are told.
  void add_place(const std::string& place) {
    if (fault.size() > 200) fault = "..." + fault.substr(fault.size() - 100);
    fault.insert(0, place);
  }

  std::string out_;
};

bool WireWriter::message(const JsonMessage& schema, simdjson::dom::object object, size_t depth) {
  if (depth > kMessagesMax) return refuse("nested too deep");
  bool oneof_taken = false;
  for (const auto& [key, member] : object) {
    const JsonField* known = schema.find(key);
    if (known == nullptr || member.is_null()) continue;
    if (known->in_oneof && std::exchange(oneof_taken, true)) {
      return refuse("more than one value of a oneof");
    }
    const bool taken = known->repeated ? list(*known, member, depth) : value(*known, member, depth);
    if (!taken) {
      if (!known->repeated) add_place("." + known->name);
      return false;
    }
  }
  return true;
}

bool WireWriter::list(const JsonField& field, element items, size_t depth) {
  simdjson::dom::array array;
  if (items.get(array) != simdjson::SUCCESS) {
    fault = "." + field.name + ": not a list";
    return false;
  }
  size_t index = 0;
  for (const element item : array) {
    if (!value(field, item, depth)) {
      add_place("." + field.name + "[" + std::to_string(index) + "]");
      return false;
    }
    ++index;
  }
  return true;
}

bool WireWriter::value(const JsonField& field, element value, size_t depth) {
  switch (field.kind) {
    case JsonKind::kText: {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) return refuse("not a text");
      append_bytes_field(out_, field.number, text);
      return true;
    }
    case JsonKind::kId:
      return id(field, value);
    case JsonKind::kBytes:
      return bytes(field, value);
    case JsonKind::kUint32:
      return varint(field, integer_of<uint32_t>(value), "not a number of 32 bits");
    case JsonKind::kInt32:
      return varint(field, integer_of<int32_t>(value), "not a number of 32 bits");
    case JsonKind::kInt64:
      return varint(field, integer_of<int64_t>(value), "not a number of 64 bits");
    case JsonKind::kEnum:
      return varint(field, enum_of(field, value), "not a number of 32 bits");
    case JsonKind::kBool: {
      const auto truth = value.get_bool();
      const bool taken = truth.error() == simdjson::SUCCESS;
      return varint(field, taken ? std::optional(int32_t{truth.value_unsafe()}) : std::nullopt,
                    "not true or false");
    }
    case JsonKind::kFixed32:
      return fixed<uint32_t>(field, integer_of<uint32_t>(value), "not a number of 32 bits");
    case JsonKind::kFixed64:
      return fixed<uint64_t>(field, integer_of<uint64_t>(value), "not a number of 64 bits");
    case JsonKind::kDouble:
      return fixed<uint64_t>(field, double_of(value), "not a number");
    case JsonKind::kMessage:
      return nested(field, value, depth);
  }
  return refuse("of no known kind");
}

bool WireWriter::nested(const JsonField& field, element value, size_t depth) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return refuse("not an object");
  append_bytes_header(out_, field.number, 0);
  const size_t begin = out_.size();
  if (!message(*field.message, object, depth + 1)) return false;
  const size_t size = out_.size() - begin;
  if (size == 0) return true;
  std::string length;
  append_varint(length, size);
  out_[begin - 1] = length[0];
  out_.insert(begin, length, 1);
  return true;
}

bool WireWriter::id(const JsonField& field, element value) {
  std::string_view text;
  const bool is_text = value.get(text) == simdjson::SUCCESS;
  const bool right_size =
      text.size() == 2 * field.id_bytes || (text.empty() && field.id_may_be_empty);
  const auto bytes = is_text && right_size ? from_hex(text) : std::nullopt;
  if (!bytes) return refuse(field.id_bytes == 16 ? "not 32 hex digits" : "not 16 hex digits");
  append_bytes_field(out_, field.number, *bytes);
  return true;
}

bool WireWriter::bytes(const JsonField& field, element value) {
  std::string_view text;
  const bool is_text = value.get(text) == simdjson::SUCCESS;
  const auto bytes = is_text ? from_base64(text) : std::nullopt;
  if (!bytes) return refuse("not base64");
  append_bytes_field(out_, field.number, *bytes);
  return true;
}

std::string fault_text(simdjson::error_code error) {
  switch (error) {
    case simdjson::DEPTH_ERROR:
      return "nested too deep";
    case simdjson::UTF8_ERROR:
      return "not UTF-8";
    case simdjson::EMPTY:
      return "empty";
    case simdjson::NUMBER_ERROR:
      return "a number that cannot be read";
    case simdjson::STRING_ERROR:
      return "a text that cannot be read";
    default:
      return "not JSON";
  }
}

}  // namespace

Result<std::string> protobuf_from_json(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::error_code error = parser.allocate(json.size(), kDepthMax);
  element root;
  if (error == simdjson::SUCCESS) error = parser.parse(json.data(), json.size()).get(root);
  if (error != simdjson::SUCCESS) return fail(ErrorKind::kInvalid, "json: " + fault_text(error));
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    return fail(ErrorKind::kInvalid, "json: not an object");
  }
  WireWriter writer(json.size());
  if (!writer.message(json_request_schema(), object, 0)) {
    return fail(ErrorKind::kInvalid,
                "json: " + writer.fault.substr(writer.fault.find_first_not_of(".: ")));
  }
  return writer.take();
}

}  // namespace dualtrace::agent
