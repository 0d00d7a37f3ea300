// SPDX-License-Identifier: Apache-2.0
#include "common/config/value.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <optional>

namespace dualtrace {
namespace {

constexpr std::string_view kDurationExpected = "expected a duration such as 200ms, 30s or 1h30m";
constexpr std::string_view kSecondsExpected =
    "expected a duration of whole seconds such as 72h, 30m or 1h30m";
constexpr std::string_view kSizeExpected = "expected a size such as 64Mi, 4Gi or a number of bytes";
constexpr std::string_view kShareExpected =
    "expected a size such as 20Gi or a whole percentage such as 15%";
constexpr std::string_view kAddressExpected =
    "expected an IP address and port such as 127.0.0.1:4317 or [::]:4317";
constexpr std::string_view kCountExpected = "expected a whole number such as 4";

Failure invalid(std::string_view message) {
  return fail(ErrorKind::kInvalid, std::string(message));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Removes the number at the start of `text` and returns it.
std::optional<uint64_t> take_number(std::string_view& text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

struct Unit {
  std::string_view suffix;
  uint64_t factor;
};

constexpr std::array kDurationUnits = {Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000},
                                       Unit{"ms", 1}};
constexpr std::array kSizeUnits = {Unit{"", 1},
                                   Unit{"k", 1000},
                                   Unit{"M", 1000'000},
                                   Unit{"G", 1000'000'000},
                                   Unit{"T", 1000'000'000'000},
                                   Unit{"P", 1000'000'000'000'000},
                                   Unit{"Ki", 1ULL << 10},
                                   Unit{"Mi", 1ULL << 20},
                                   Unit{"Gi", 1ULL << 30},
                                   Unit{"Ti", 1ULL << 40},
                                   Unit{"Pi", 1ULL << 50}};

std::string_view take_letters(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && !is_digit(text[length])) ++length;
  const std::string_view letters = text.substr(0, length);
  text.remove_prefix(length);
  return letters;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr uint64_t kMillisecondsMax = 100ULL * 366 * 24 * 3'600'000;  // a century
  if (text.empty()) return invalid(kDurationExpected);
  uint64_t total = 0;
  auto unit = kDurationUnits.begin();
  while (!text.empty()) {
    const auto number = take_number(text);
    const std::string_view suffix = take_letters(text);
    while (unit != kDurationUnits.end() && unit->suffix != suffix) ++unit;
    if (!number || unit == kDurationUnits.end()) return invalid(kDurationExpected);
    if (*number > (kMillisecondsMax - total) / unit->factor)
      return invalid("the duration is too long");
    total += *number * unit->factor;
    ++unit;
  }
  return std::chrono::milliseconds(total);
}

Result<std::chrono::seconds> parse_seconds(std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration || text.ends_with("ms")) return invalid(kSecondsExpected);
  return std::chrono::floor<std::chrono::seconds>(*duration);
}

Result<uint64_t> parse_size(std::string_view text) {
  const auto whole = take_number(text);
  if (!whole) return invalid(kSizeExpected);
  uint64_t number = *whole;
  uint64_t divisor = 1;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    constexpr uint64_t kDivisorMax = 1'000'000'000;
    if (text.empty() || !is_digit(text.front())) return invalid(kSizeExpected);
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
      if (divisor == kDivisorMax) return invalid("too many digits after the decimal point");
      divisor *= 10;
      if (__builtin_mul_overflow(number, uint64_t{10}, &number) ||
          __builtin_add_overflow(number, static_cast<uint64_t>(text.front() - '0'), &number)) {
        return invalid("the size is too large");
      }
    }
  }
  for (const Unit& unit : kSizeUnits) {
    if (unit.suffix != text) continue;
    uint64_t product = 0;
    if (__builtin_mul_overflow(number, unit.factor, &product))
      return invalid("the size is too large");
    if (product % divisor != 0) return invalid("not a whole number of bytes");
    return product / divisor;
  }
  return invalid(kSizeExpected);
}

Result<DiskShare> parse_disk_share(std::string_view text) {
  constexpr uint64_t kBytesMax = 64ULL << 40;
  constexpr uint64_t kPercentMax = 90;
  if (text.ends_with('%')) {
    const auto percent = take_number(text);
    if (!percent || text != "%") return invalid(kShareExpected);
    if (*percent > kPercentMax) return invalid("must be between 0% and 90%");
    return DiskShare{.percent = static_cast<uint32_t>(*percent)};
  }
  const Result<uint64_t> bytes = parse_size(text);
  if (!bytes) return invalid(kShareExpected);
  if (*bytes > kBytesMax) return invalid("must be between 0 and 64Ti");
  return DiskShare{.bytes = *bytes};
}

Result<uint64_t> parse_count(std::string_view text) {
  const auto number = take_number(text);
  if (!number || !text.empty()) return invalid(kCountExpected);
  return *number;
}

Result<HostPort> parse_address(std::string_view text) {
  auto parsed = parse_host_port(text, 0);
  if (!parsed) return invalid(kAddressExpected);
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (inet_pton(AF_INET, parsed->host.c_str(), address.data()) != 1 &&
      inet_pton(AF_INET6, parsed->host.c_str(), address.data()) != 1) {
    return invalid(kAddressExpected);
  }
  return parsed;
}

}  // namespace dualtrace
