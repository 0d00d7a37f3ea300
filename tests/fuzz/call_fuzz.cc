// SPDX-License-Identifier: Apache-2.0
// A call with arbitrary header values and an arbitrary body in pieces: it ends with a request for
// the intake or with a well-formed reply, and releases its budget. Input: HTTP version and size of
// the pieces, a line each for method, path, Content-Type, Content-Encoding and Content-Length
// (which is also grpc-encoding), then the body, with or without gRPC framing.

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/receive/call.h"
#include "common/error/check.h"
#include "tests/fakes/fake_intake.h"

namespace dualtrace::agent {
namespace {

RequestHead take_head(std::string_view& rest) {
  std::array<std::string, 5> lines;
  for (std::string& line : lines) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  RequestHead head{.method = lines[0],
                   .path = lines[1],
                   .content_type = lines[2],
                   .content_encoding = lines[3],
                   .grpc_encoding = lines[3]};
  uint64_t length = 0;
  const char* end = lines[4].data() + lines[4].size();
  if (std::from_chars(lines[4].data(), end, length).ec == std::errc()) head.content_length = length;
  return head;
}

void check_fields(const std::vector<HeaderField>& fields) {
  for (const HeaderField& field : fields) {
    for (const char c : field.value) DT_CHECK(c >= ' ' && c <= '~');
  }
}

void check_reply(const Reply& reply) {
  DT_CHECK(reply.http_status >= 200 && reply.http_status < 600);
  DT_CHECK(!reply.field("content-type").empty());
  if (reply.protocol == RequestProtocol::kGrpc) DT_CHECK(!reply.field("grpc-status").empty());
  DT_CHECK(reply.body.size() < 4096);
  check_fields(reply.headers);
  check_fields(reply.trailers);
}

void run(std::string_view input) {
  const HttpVersion version = input[0] % 2 == 0 ? HttpVersion::k1 : HttpVersion::k2;
  const size_t step = 1 + static_cast<uint8_t>(input[1]);
  input.remove_prefix(2);
  FakeIntake intake;
  {
    Call call(intake, version, take_head(input));
    for (; !input.empty(); input.remove_prefix(std::min(step, input.size()))) {
      call.append(input.substr(0, step));
    }
    call.finish();
    DT_CHECK(!call.receiving());
    if (const auto request = call.take_request()) {
      DT_CHECK(request->ticket.bytes() >= request->body.size());
      DT_CHECK(request->body.size() <= intake.request_bytes_max());
      call.answer({});
    }
    DT_CHECK(call.replied());
    check_reply(call.reply());
  }
  DT_CHECK(intake.admission.bytes_admitted() == 0);
}

}  // namespace
}  // namespace dualtrace::agent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size >= 2) dualtrace::agent::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
