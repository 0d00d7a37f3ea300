// SPDX-License-Identifier: Apache-2.0
// Whatever a destination answers, the outcome for the lane stays within bounds: a delay of at most
// an hour, no more rejected spans than were sent, and a short text without control characters and
// secrets. Input: destination, gRPC code or HTTP status (two bytes), a line of Content-Type or
// grpc-message, a line of Retry-After or status details, the body.

#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/send/classify.h"
#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

constexpr uint64_t kSpans = 100;
constexpr auto kDelayMax = std::chrono::hours(1);
constexpr const char* kSecret = "dapi0123";

std::string take_line(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  std::string line(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

Outcome classify(std::string_view input) {
  const auto destination = static_cast<uint8_t>(input[0]);
  const int code = static_cast<uint8_t>(input[1]) << 8 | static_cast<uint8_t>(input[2]);
  input.remove_prefix(3);
  std::string first = take_line(input);
  std::string second = take_line(input);
  std::string body(input);
  if (destination % 3 == 0) {
    return classify_arize_grpc({.code = code % 20,
                                .message = std::move(first),
                                .details = std::move(second),
                                .body = std::move(body),
                                .secrets = {kSecret}},
                               kSpans);
  }
  const HttpResponse response{
      .status = code % 600,
      .headers = {{"content-type", std::move(first)}, {"retry-after", std::move(second)}},
      .body = std::move(body),
      .secrets = {kSecret}};
  const WallTime now{std::chrono::seconds(1'800'000'000)};
  return destination % 3 == 1 ? classify_arize_http(response, kSpans, now)
                              : classify_databricks_http(response, kSpans, now);
}

void check(const Outcome& outcome) {
  DT_CHECK(outcome.rejected <= kSpans);
  DT_CHECK((outcome.kind == OutcomeKind::kPartly) == (outcome.rejected > 0));
  DT_CHECK((outcome.kind == OutcomeKind::kDelivered) == outcome.reason.empty());
  DT_CHECK(!outcome.verdict || outcome.kind == OutcomeKind::kRefuse);
  DT_CHECK(outcome.message.size() <= 512);
  DT_CHECK(outcome.message.find(kSecret) == std::string::npos);
  for (const char c : outcome.message) DT_CHECK(c < 0 || (c >= ' ' && c != 0x7f));
  if (outcome.retry_after) {
    DT_CHECK(*outcome.retry_after > Duration::zero() && *outcome.retry_after <= kDelayMax);
  }
}

}  // namespace
}  // namespace dualtrace::agent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const google::protobuf::LogSilencer silence;
  dualtrace::agent::check(dualtrace::agent::classify({reinterpret_cast<const char*>(data), size}));
  return 0;
}
