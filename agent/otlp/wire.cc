// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/wire.h"

#include <array>
#include <bit>

namespace dualtrace::agent {
namespace {

// protobuf's limit on the combined depth of messages and groups.
constexpr size_t kGroupDepthMax = 100;

}  // namespace

Failure WireReader::failure(std::string_view request) const {
  return fail(ErrorKind::kInvalid, "otlp: offset " + std::to_string(position_ - request.data()) +
                                       ": " + (fault_ != nullptr ? fault_ : "no fault"));
}

bool WireReader::skip_varint() {
  for (int count = 0; count < 10; ++count) {
    if (position_ == end_) {
      return set_fault("cut short");
    }
    if (static_cast<uint8_t>(*position_++) < 0x80) {
      return true;
    }
  }
  return set_fault("varint of more than ten bytes");
}

bool WireReader::skip_group(uint32_t number) {
  std::array<uint32_t, kGroupDepthMax> open{};
  size_t depth = 0;
  open[depth++] = number;
  while (depth > 0) {
    const std::optional<uint32_t> tag = read_length_or_tag();
    if (!tag) {
      return false;
    }
    WireField inner;
    inner.number = *tag >> 3;
    inner.type = static_cast<WireType>(*tag & 7);
    if (inner.number == 0) {
      return set_fault("field number 0");
    }
    if (inner.type == WireType::kStartGroup) {
      if (depth == open.size()) {
        return set_fault("groups nested too deeply");
      }
      open[depth++] = inner.number;
    } else if (inner.type == WireType::kEndGroup) {
      if (open[--depth] != inner.number) {
        return set_fault("end of another group");
      }
    } else if (!skip_value(inner)) {
      return false;
    }
  }
  return true;
}

size_t varint_size(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

void append_varint(std::string& message, uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    message.push_back(static_cast<char>(value | 0x80));
  }
  message.push_back(static_cast<char>(value));
}

size_t bytes_field_size(size_t value_bytes) { return 1 + varint_size(value_bytes) + value_bytes; }

void append_bytes_header(std::string& message, uint32_t number, size_t value_bytes) {
  DT_CHECK(number < 16);
  append_varint(message, number << 3 | static_cast<uint32_t>(WireType::kBytes));
  append_varint(message, value_bytes);
}

void append_bytes_field(std::string& message, uint32_t number, std::string_view value) {
  append_bytes_header(message, number, value.size());
  message.append(value);
}

}  // namespace dualtrace::agent
