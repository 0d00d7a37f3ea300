// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/json_reader.h"

#include <simdjson.h>

#include <cstring>

namespace dualtrace::agent {
namespace {

constexpr size_t kDepthMax = 256;  // of arrays and objects, known or not
constexpr uint32_t kReplacement = 0xFFFD;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_high_half(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_half(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// Writes at most three bytes for an escape of six, four for a pair of escapes.
void put_utf8(uint32_t code, char*& out) {
  const auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

constexpr uint64_t kEach = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x80 * kEach;

// Sets the high bit of each byte that equals `byte`; bytes above the first match may be set
// wrongly.
constexpr uint64_t equal_bytes(uint64_t word, uint8_t byte) {
  const uint64_t difference = word ^ byte * kEach;
  return (difference - kEach) & ~difference & kHighBits;
}
constexpr uint64_t bytes_below_space(uint64_t word) {
  return (word - 0x20 * kEach) & ~word & kHighBits;
}

}  // namespace

bool JsonReader::refuse(const char* what) {
  if (fault_.empty()) {
    fault_ = std::string(at_ == end_ ? "cut short" : what) + " at offset " +
             std::to_string(at_ - begin_);
  }
  return false;
}

JsonReader::Kind JsonReader::peek() {
  skip_space();
  switch (at_ == end_ ? '\0' : *at_) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kText;
    case 't':
      return Kind::kTrue;
    case 'f':
      return Kind::kFalse;
    case 'n':
      return Kind::kNull;
    default:
      if (at_ != end_ && (*at_ == '-' || is_digit(*at_))) return Kind::kNumber;
      refuse("not JSON");
      return Kind::kFault;
  }
}

bool JsonReader::deeper() {
  ++at_;
  first_ = true;
  if (++depth_ <= kDepthMax) return true;
  if (fault_.empty()) fault_ = "nested too deeply";
  return false;
}

bool JsonReader::enter_object() { return peek() == Kind::kObject ? deeper() : refuse("not JSON"); }

bool JsonReader::enter_array() { return peek() == Kind::kArray ? deeper() : refuse("not JSON"); }

std::optional<std::string_view> JsonReader::next_key() {
  skip_space();
  const bool first = std::exchange(first_, false);
  if (at_ != end_ && *at_ == '}') {
    ++at_;
    --depth_;
    return std::nullopt;
  }
  if (!first) {
    if (at_ == end_ || *at_ != ',') {
      refuse("not JSON");
      return std::nullopt;
    }
    ++at_;
    skip_space();
  }
  const auto key = text();
  skip_space();
  if (key && (at_ == end_ || *at_ != ':')) refuse("not JSON");
  if (!fault_.empty()) return std::nullopt;
  ++at_;
  return key;
}

bool JsonReader::next_item() {
  skip_space();
  const bool first = std::exchange(first_, false);
  if (at_ != end_ && *at_ == ']') {
    ++at_;
    --depth_;
    return false;
  }
  if (first) return at_ != end_ || refuse("not JSON");
  if (at_ == end_ || *at_ != ',') return refuse("not JSON");
  ++at_;
  return true;
}

char* JsonReader::plain_end(bool& ascii) const {
  char* at = at_;
  for (; end_ - at >= 8; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    if ((equal_bytes(word, '"') | equal_bytes(word, '\\') | bytes_below_space(word)) != 0) break;
    ascii = ascii && (word & kHighBits) == 0;
  }
  for (; at != end_; ++at) {
    const auto byte = static_cast<uint8_t>(*at);
    if (byte == '"' || byte == '\\' || byte < 0x20) break;
    ascii = ascii && byte < 0x80;
  }
  return at;
}

std::optional<std::string_view> JsonReader::text() {
  if (at_ == end_ || *at_ != '"') {
    refuse("not JSON");
    return std::nullopt;
  }
  const char* const begin = ++at_;
  char* out = at_;
  bool ascii = true;
  while (true) {
    char* const stop = plain_end(ascii);
    const auto size = static_cast<size_t>(stop - at_);
    if (out != at_) std::memmove(out, at_, size);
    out += size;
    at_ = stop;
    if (at_ != end_ && *at_ == '"') break;
    if (at_ == end_ || *at_ != '\\') {
      refuse("unescaped control character in a string");
      return std::nullopt;
    }
    if (!unescape(out)) return std::nullopt;
  }
  const std::string_view text(begin, static_cast<size_t>(out - begin));
  if (!ascii && !simdjson::validate_utf8(text.data(), text.size())) {
    refuse("a string that is not UTF-8");
    return std::nullopt;
  }
  ++at_;
  return text;
}

bool JsonReader::unescape(char*& out) {
  ++at_;
  switch (at_ == end_ ? '\0' : *at_) {
    case '"':
    case '\\':
    case '/':
      *out++ = *at_++;
      return true;
    case 'b':
      *out++ = '\b';
      break;
    case 'f':
      *out++ = '\f';
      break;
    case 'n':
      *out++ = '\n';
      break;
    case 'r':
      *out++ = '\r';
      break;
    case 't':
      *out++ = '\t';
      break;
    case 'u': {
      ++at_;
      const auto unit = hex4();
      if (!unit) return refuse("invalid escape sequence");
      uint32_t code = *unit;
      if (is_low_half(code)) code = kReplacement;
      if (is_high_half(code)) {
        code = kReplacement;
        // If the low half does not follow, what follows is read separately.
        char* const behind = at_;
        if (end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
          at_ += 2;
          const auto low = hex4();
          if (low && is_low_half(*low)) {
            code = 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
          } else {
            at_ = behind;
          }
        }
      }
      put_utf8(code, out);
      return true;
    }
    default:
      return refuse("invalid escape sequence");
  }
  ++at_;
  return true;
}

std::optional<uint32_t> JsonReader::hex4() {
  if (end_ - at_ < 4) return std::nullopt;
  uint32_t value = 0;
  for (int digit = 0; digit < 4; ++digit) {
    const char c = *at_++;
    if (is_digit(c)) {
      value = value << 4 | static_cast<uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      value = value << 4 | static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

std::optional<std::string_view> JsonReader::number() {
  const char* const begin = at_;
  const auto digits = [this] {
    const char* const first = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != first;
  };
  if (at_ != end_ && *at_ == '-') ++at_;
  const bool zero = at_ != end_ && *at_ == '0';
  bool good = digits();
  const char* const whole = begin + (*begin == '-' ? 1 : 0);
  if (zero && at_ - whole > 1) good = false;
  if (good && at_ != end_ && *at_ == '.') {
    ++at_;
    good = digits();
  }
  if (good && at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    good = digits();
  }
  if (!good) {
    refuse("invalid number");
    return std::nullopt;
  }
  return std::string_view(begin, static_cast<size_t>(at_ - begin));
}

bool JsonReader::literal(std::string_view word) {
  if (static_cast<size_t>(end_ - at_) < word.size() ||
      std::memcmp(at_, word.data(), word.size()) != 0) {
    return refuse("not JSON");
  }
  at_ += word.size();
  return true;
}

bool JsonReader::skip() {
  switch (peek()) {
    case Kind::kObject:
      return skip_members();
    case Kind::kArray:
      return skip_items();
    case Kind::kText:
      return text().has_value();
    case Kind::kNumber:
      return number().has_value();
    case Kind::kTrue:
      return literal("true");
    case Kind::kFalse:
      return literal("false");
    case Kind::kNull:
      return literal("null");
    case Kind::kFault:
      break;
  }
  return false;
}

bool JsonReader::skip_members() {
  if (!enter_object()) return false;
  while (next_key()) {
    if (!skip()) return false;
  }
  return fault_.empty();
}

bool JsonReader::skip_items() {
  if (!enter_array()) return false;
  while (next_item()) {
    if (!skip()) return false;
  }
  return fault_.empty();
}

bool JsonReader::at_end() {
  skip_space();
  return at_ == end_ || refuse("more than one JSON value");
}

}  // namespace dualtrace::agent
