// SPDX-License-Identifier: Apache-2.0
#include "common/time/rfc3339.h"

#include <charconv>
#include <ctime>

#include "common/time/years.h"

namespace dualtrace {
namespace {

// Removes exactly `digits` digits from the front; -1 if they are missing.
int take_number(std::string_view& text, size_t digits) {
  int number = 0;
  if (text.size() < digits || text.front() == '-') return -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc() || end != text.data() + digits) return -1;
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Removes "YYYY-MM-DDTHH:MM:SS" from the front and reads it as UTC.
std::optional<WallTime> take_seconds(std::string_view& text) {
  std::tm parts{};
  const auto field = [&text](int& into, size_t digits, int least, int most) {
    into = take_number(text, digits);
    return into >= least && into <= most;
  };
  const bool well_formed =
      field(parts.tm_year, 4, kFirstYear, kLastYear) && take(text, "-") &&
      field(parts.tm_mon, 2, 1, 12) && take(text, "-") && field(parts.tm_mday, 2, 1, 31) &&
      take(text, "Tt ") && field(parts.tm_hour, 2, 0, 23) && take(text, ":") &&
      field(parts.tm_min, 2, 0, 59) && take(text, ":") && field(parts.tm_sec, 2, 0, 60);
  if (!well_formed) return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return WallTime(std::chrono::seconds(timegm(&parts)));
}

std::optional<Duration> take_fraction(std::string_view& text) {
  Duration fraction{0};
  if (!take(text, ".")) return fraction;
  Duration digit_is = std::chrono::milliseconds(100);
  size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits) {
    fraction += digit_is * (text.front() - '0');
    digit_is /= 10;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  return fraction;
}

std::optional<Duration> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return Duration{0};
  const int sign = text.starts_with('-') ? -1 : 1;
  if (!take(text, "+-")) return std::nullopt;
  const int hours = take_number(text, 2);
  if (hours < 0 || hours > 23 || !take(text, ":")) return std::nullopt;
  const int minutes = take_number(text, 2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  return sign * (std::chrono::hours(hours) + std::chrono::minutes(minutes));
}

}  // namespace

std::string rfc3339(WallTime when) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(when));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[sizeof "2026-01-01T00:00:00Z"];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string rfc3339_micros(WallTime when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(when - seconds).count();
  const std::string digits = std::to_string(micros);
  std::string text = rfc3339(seconds);
  text.pop_back();  // the Z
  return text.append(".").append(6 - digits.size(), '0').append(digits).append("Z");
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const auto seconds = take_seconds(text);
  if (!seconds) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return *seconds + *fraction - *offset;
}

}  // namespace dualtrace
