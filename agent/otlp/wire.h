// SPDX-License-Identifier: Apache-2.0
#pragma once
// The protobuf wire format as walk, splice, split and the JSON decoder need it: a reader that
// iterates over the fields of one message without decoding them, and functions to write a varint
// and a bytes field. It accepts what protobuf's own C++ parser accepts, with one exception
// (WireReader).
// Source: protobuf "Encoding" guide. Used from one thread; views live as long as the message.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::agent {

enum class WireType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,  // strings, bytes and messages: a length, then that many bytes
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5,
};

struct WireField {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::string_view value;  // kBytes: the bytes after the length; otherwise unspecified
  std::string_view whole;  // tag, length and value, as in the message
};

class WireReader {
 public:
  // Fields 1 to `bytes_fields_max` of this message are known to be kBytes: another wire type is a
  // fault. (protobuf treats it as an unknown field; most other receivers refuse it.)
  explicit WireReader(std::string_view message, uint32_t bytes_fields_max = 0)
      : position_(message.data()),
        end_(message.data() + message.size()),
        bytes_fields_max_(bytes_fields_max) {}

  // The next field; nullopt at the end and on a fault.
  std::optional<WireField> next();

  // nullptr if there is none.
  [[nodiscard]] const char* fault() const { return fault_; }
  // kInvalid with the fault and its offset in `request`, of which the message is a part.
  [[nodiscard]] Failure failure(std::string_view request) const;

 private:
  std::optional<uint32_t> read_length_or_tag();
  bool skip_value(WireField& field);
  bool skip_varint();
  bool skip_bytes(size_t count);
  bool skip_group(uint32_t number);
  bool set_fault(const char* text);

  const char* position_;
  const char* end_;
  uint32_t bytes_fields_max_;
  const char* fault_ = nullptr;
};

[[nodiscard]] size_t varint_size(uint64_t value);
void append_varint(std::string& message, uint64_t value);

// The bytes that append_bytes_field adds for a value of that size, for field numbers below 16.
[[nodiscard]] size_t bytes_field_size(size_t value_bytes);
void append_bytes_field(std::string& message, uint32_t number, std::string_view value);
// Appends only tag and length; the caller appends the value.
void append_bytes_header(std::string& message, uint32_t number, size_t value_bytes);

inline std::optional<uint32_t> WireReader::read_length_or_tag() {
  // Nearly always one byte, at most five; bits above 32 are dropped, as in protobuf.
  uint32_t value = 0;
  for (int shift = 0; shift <= 28; shift += 7) {
    if (position_ == end_) {
      set_fault("cut short");
      return std::nullopt;
    }
    const auto byte = static_cast<uint8_t>(*position_++);
    value |= static_cast<uint32_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      return value;
    }
  }
  set_fault("varint of more than five bytes");
  return std::nullopt;
}

inline std::optional<WireField> WireReader::next() {
  if (position_ == end_ || fault_ != nullptr) {
    return std::nullopt;
  }
  const char* begin = position_;
  const std::optional<uint32_t> tag = read_length_or_tag();
  if (!tag) {
    return std::nullopt;
  }
  WireField field;
  field.number = *tag >> 3;
  field.type = static_cast<WireType>(*tag & 7);
  if (field.number == 0) {
    set_fault("field number 0");
    return std::nullopt;
  }
  if (field.number <= bytes_fields_max_ && field.type != WireType::kBytes) {
    set_fault("wrong wire type for a known field");
    return std::nullopt;
  }
  if (!skip_value(field)) {
    return std::nullopt;
  }
  field.whole = std::string_view(begin, static_cast<size_t>(position_ - begin));
  return field;
}

inline bool WireReader::skip_value(WireField& field) {
  switch (field.type) {
    case WireType::kBytes: {
      const std::optional<uint32_t> length = read_length_or_tag();
      if (!length) {
        return false;
      }
      const char* value = position_;
      if (!skip_bytes(*length)) {
        return false;
      }
      field.value = std::string_view(value, *length);
      return true;
    }
    case WireType::kVarint:
      return skip_varint();
    case WireType::kFixed64:
      return skip_bytes(8);
    case WireType::kFixed32:
      return skip_bytes(4);
    case WireType::kStartGroup:
      return skip_group(field.number);
    case WireType::kEndGroup:
      return set_fault("end of a group that was not started");
  }
  return set_fault("unknown wire type");
}

inline bool WireReader::skip_bytes(size_t count) {
  if (static_cast<size_t>(end_ - position_) < count) {
    return set_fault("cut short");
  }
  position_ += count;
  return true;
}

inline bool WireReader::set_fault(const char* text) {
  fault_ = text;
  return false;
}

}  // namespace dualtrace::agent
