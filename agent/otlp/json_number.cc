// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/json_number.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace dualtrace::agent {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The notation of nearly all numbers.
template <typename Integer>
std::optional<Integer> plain_integer(std::string_view text) {
  Integer number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A parsed number: digits (of the whole and the fraction) × 10^exponent.
struct Decimal {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;

  [[nodiscard]] bool is_zero() const {
    const auto zero = [](char c) { return c == '0'; };
    return std::ranges::all_of(whole, zero) && std::ranges::all_of(fraction, zero);
  }
};

std::string_view take_digits(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  const std::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// Follows JSON's grammar.
std::optional<Decimal> parse(std::string_view text) {
  Decimal decimal;
  decimal.negative = take(text, '-');
  decimal.whole = take_digits(text);
  if (decimal.whole.empty() || (decimal.whole.size() > 1 && decimal.whole[0] == '0')) {
    return std::nullopt;
  }
  if (take(text, '.')) {
    decimal.fraction = take_digits(text);
    if (decimal.fraction.empty()) return std::nullopt;
  }
  if (take(text, 'e') || take(text, 'E')) {
    const bool negative = take(text, '-');
    if (!negative) take(text, '+');
    const std::string_view digits = take_digits(text);
    if (digits.empty()) return std::nullopt;
    // Larger than any number of digits can compensate.
    constexpr int64_t kExponentMax = 1'000'000'000'000;
    for (const char digit : digits) {
      decimal.exponent = std::min(10 * decimal.exponent + (digit - '0'), kExponentMax);
    }
    if (negative) decimal.exponent = -decimal.exponent;
  }
  if (!text.empty()) return std::nullopt;
  return decimal;
}

// The absolute value, if it is an integer.
std::optional<uint64_t> magnitude(const Decimal& decimal) {
  if (decimal.is_zero()) return 0;
  uint64_t value = 0;
  const auto append = [&value](uint64_t digit) {
    if (value > (std::numeric_limits<uint64_t>::max() - digit) / 10) return false;
    value = 10 * value + digit;
    return true;
  };
  // The decimal point follows this many of all digits.
  const int64_t point = static_cast<int64_t>(decimal.whole.size()) + decimal.exponent;
  const auto size = static_cast<int64_t>(decimal.whole.size() + decimal.fraction.size());
  for (int64_t at = 0; at < size; ++at) {
    const auto index = static_cast<size_t>(at);
    const char digit = index < decimal.whole.size()
                           ? decimal.whole[index]
                           : decimal.fraction[index - decimal.whole.size()];
    if (at < point) {
      if (!append(static_cast<uint64_t>(digit - '0'))) return std::nullopt;
    } else if (digit != '0') {
      return std::nullopt;
    }
  }
  for (int64_t at = size; at < point; ++at) {  // ends soon: the value is not 0, so it overflows
    if (!append(0)) return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<uint64_t> uint64_of_number(std::string_view text) {
  if (const auto plain = plain_integer<uint64_t>(text)) return plain;
  const auto decimal = parse(text);
  if (!decimal) return std::nullopt;
  const auto value = magnitude(*decimal);
  return value && decimal->negative && *value != 0 ? std::nullopt : value;
}

std::optional<int64_t> int64_of_number(std::string_view text) {
  if (const auto plain = plain_integer<int64_t>(text)) return plain;
  const auto decimal = parse(text);
  const auto value = decimal ? magnitude(*decimal) : std::nullopt;
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (!value || *value > kMax + (decimal->negative ? 1 : 0)) return std::nullopt;
  return static_cast<int64_t>(decimal->negative ? 0 - *value : *value);
}

std::optional<double> double_of_number(std::string_view text) {
  const auto decimal = parse(text);
  if (!decimal) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc()) return value;
  // Out of range: too large or too small, which from_chars does not distinguish. The first nonzero
  // digit and the exponent do.
  const std::string digits = std::string(decimal->whole).append(decimal->fraction);
  const auto leading = static_cast<int64_t>(std::min(digits.find_first_not_of('0'), digits.size()));
  const int64_t power = static_cast<int64_t>(decimal->whole.size()) - leading + decimal->exponent;
  const bool large = !decimal->is_zero() && power > 0;
  const double size = large ? std::numeric_limits<double>::infinity() : 0.0;
  return decimal->negative ? -size : size;
}

}  // namespace dualtrace::agent
