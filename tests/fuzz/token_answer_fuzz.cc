// SPDX-License-Identifier: Apache-2.0
// Whatever a token endpoint answers, the result stays within bounds: a token is safe in a header
// and expires within a day; an error is short and contains no secret. Input: the status (two
// bytes), a line of Retry-After, a line of Date, the body.

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/credential/token_answer.h"
#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

const WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr const char* kSecret = "dose0123456789";

std::string take_line(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  std::string line(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void read(std::string_view input) {
  HttpResponse response;
  response.status = (static_cast<uint8_t>(input[0]) << 8 | static_cast<uint8_t>(input[1])) % 600;
  input.remove_prefix(2);
  response.headers = {{"retry-after", take_line(input)}, {"date", take_line(input)}};
  response.body = std::string(input);
  response.secrets = {kSecret};
  static_cast<void>(may_dislike_operations(response));
  const auto token = read_token_answer(response, kNow);
  if (!token) {
    constexpr size_t kMessageBytesMax = 900;
    DT_CHECK(token.error().message.size() <= kMessageBytesMax);
    DT_CHECK(token.error().message.find(kSecret) == std::string::npos);
    for (const char c : token.error().message) DT_CHECK(c < 0 || (c >= ' ' && c != 0x7f));
    if (const auto delay = token.error().retry_after) {
      DT_CHECK(*delay > Duration(0) && *delay <= std::chrono::hours(1));
    }
    return;
  }
  for (const char c : token->value) DT_CHECK(c > ' ' && c <= '~');
  for (const auto& end : {std::optional<WallTime>(), std::optional(kNow + std::chrono::hours(1))}) {
    const Duration usable = usable_for(*token, end, response, kNow);
    DT_CHECK(usable > Duration(0) && usable <= std::chrono::hours(24));
  }
}

}  // namespace
}  // namespace dualtrace::agent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  dualtrace::agent::read({reinterpret_cast<const char*>(data), size});
  return 0;
}
