// SPDX-License-Identifier: Apache-2.0
#include "common/net/answer_body.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "common/compress/gzip.h"

namespace dualtrace {
namespace {

constexpr uint64_t kIdleSecondsMax = 60;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

}  // namespace

std::optional<Duration> keep_alive_timeout(std::string_view header) {
  const std::string text = lower(header);
  constexpr std::string_view kTimeout = "timeout=";
  const size_t at = text.find(kTimeout);
  if (at == std::string::npos) return std::nullopt;
  uint64_t seconds = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data() + at + kTimeout.size(), end, seconds).ec != std::errc()) {
    return std::nullopt;
  }
  const auto bounded = static_cast<int64_t>(std::clamp<uint64_t>(seconds, 1, kIdleSecondsMax));
  return std::chrono::seconds(bounded - 1);
}

void unpack(HttpResponse& response, size_t bytes_max) {
  const std::string encoding = lower(response.header("content-encoding"));
  if ((encoding != "gzip" && encoding != "x-gzip") || response.body.empty()) return;
  auto plain = gunzip(response.body, bytes_max);
  if (plain) {
    response.body = *std::move(plain);
  } else if (plain.error().kind == ErrorKind::kExhausted) {
    response.body.clear();
    response.cut = true;
  }
}

}  // namespace dualtrace
