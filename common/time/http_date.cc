// SPDX-License-Identifier: Apache-2.0
#include "common/time/http_date.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <string>

namespace dualtrace {
namespace {

// strftime() would use the names of the process's locale.
constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string written(std::time_t seconds) {
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays.at(parts.tm_wday),
                parts.tm_mday, kMonths.at(parts.tm_mon), 1900 + parts.tm_year, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
  return text;
}

struct Written {
  std::time_t second = -1;
  std::string text;
};

}  // namespace

std::string_view http_date(WallTime when) {
  thread_local Written last;
  const auto second = std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
  if (last.second != second) last = {second, written(second)};
  return last.text;
}

}  // namespace dualtrace
