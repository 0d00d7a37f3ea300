// SPDX-License-Identifier: Apache-2.0
#pragma once
// Http2Stream: one request on an HTTP/2 connection, from its first header to the last byte of its
// reply. The session decides which frames carry it.
// Used from one thread.

#include <optional>
#include <string_view>

#include "agent/receive/body_patience.h"
#include "agent/receive/call.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct Http2Stream {
  RequestHead head;
  size_t header_bytes = 0;
  std::optional<Call> call;  // once the headers are complete
  BodyPatience patience;
  bool input_ended = false;
  bool storing = false;   // with the intake
  bool bodiless = false;  // the answer to a HEAD
  bool answered = false;
  bool answer_sent = false;  // all of it, before the request's end
  size_t discarded = 0;      // of its body
  Tick begun{};
  Tick deadline{};  // for headers, body or sending the answer; max() while with the intake
  Reply reply;
  size_t reply_sent = 0;  // of its body

  void add_header(std::string_view name, std::string_view value, size_t header_bytes_max);
  // The next bytes of the reply's body, at most `size`.
  [[nodiscard]] std::string_view next_of_reply(size_t size);
  [[nodiscard]] bool reply_read() const { return reply_sent == reply.body.size(); }
};

}  // namespace dualtrace::agent
