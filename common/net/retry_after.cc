// SPDX-License-Identifier: Apache-2.0
#include "common/net/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

#include "common/time/years.h"

namespace dualtrace {
namespace {

constexpr int64_t kDelaySecondsMax = 3600;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

std::optional<Duration> sensible(int64_t seconds) {
  if (seconds <= 0) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kDelaySecondsMax));
}

}  // namespace

std::optional<Duration> parse_retry_after(std::string_view header, WallTime now) {
  header = trimmed(header);
  if (header.empty()) return std::nullopt;
  uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (end == header.data() + header.size()) {
    if (error == std::errc::result_out_of_range) seconds = kDelaySecondsMax;
    return sensible(static_cast<int64_t>(std::min<uint64_t>(seconds, kDelaySecondsMax)));
  }
  const auto date = parse_http_date(header);
  if (!date) return std::nullopt;
  constexpr int64_t kNanos = 1'000'000'000;
  return sensible(unix_nanos(*date) / kNanos - unix_nanos(now) / kNanos);
}

std::optional<WallTime> parse_http_date(std::string_view header) {
  constexpr int kUnixEpoch = 1970;
  constexpr int kTmEpoch = 1900;
  std::tm date{};
  std::istringstream stream{std::string(trimmed(header))};
  stream.imbue(std::locale::classic());
  stream >> std::get_time(&date, "%a, %d %b %Y %H:%M:%S GMT");
  const int year = date.tm_year + kTmEpoch;
  if (stream.fail() || year < kUnixEpoch || year > kLastYear) return std::nullopt;
  return WallTime(std::chrono::seconds(timegm(&date)));
}

}  // namespace dualtrace
