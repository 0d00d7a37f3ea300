// SPDX-License-Identifier: Apache-2.0
#pragma once
// Session: one connection's protocol as a state machine of bytes, without socket, thread or clock:
// the caller passes received bytes and the time; the session returns the bytes to send, the
// complete requests and the time at which to wake it. Connection drives it in production; tests and
// fuzzers drive it directly.
//
// After any call that changes it, call in this order: take_requests(), take_output(), then
// finished(), wants_input() and deadline(). None of the calls blocks.
// Used from one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/intake/intake.h"
#include "common/config/agent_config.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class ReceiverMetrics;

// Shared by all sessions of a receiver, and outlives them.
struct SessionContext {
  Intake& intake;
  const ReceiverLimits& limits;
  ReceiverMetrics& metrics;
  const Clock& clock;  // for the date of answers; the caller passes the time of events
  std::shared_ptr<PeerShare> peer{};  // of the session's own client
};

struct ReadyRequest {
  uint64_t id;  // unique in the session
  IntakeRequest request;
};

// The most important work in progress for a client: whether its connection may be displaced.
enum class Activity : uint8_t {
  kIdle,     // nothing
  kReading,  // requests that are not complete
  kStoring,  // a request is with the intake, and its answer must not get lost
};

class Session {
 public:
  virtual ~Session() = default;

  // Bytes from the client; empty to continue after output was taken.
  virtual void consume(std::string_view bytes, Tick now) = 0;
  // The client sends no more; answers still reach it.
  virtual void end_of_input(Tick now) = 0;
  // Complete requests, in the order of their arrival; each is answered once.
  [[nodiscard]] virtual std::vector<ReadyRequest> take_requests() = 0;
  // Ignored for a request that is gone.
  virtual void answer(uint64_t request_id, const Status& status, Tick now) = 0;
  // Bytes for the client; empty when there is nothing to send now.
  [[nodiscard]] virtual std::string take_output() = 0;
  // False while more input would only accumulate.
  [[nodiscard]] virtual bool wants_input() const = 0;
  // Close the connection once all output is written.
  [[nodiscard]] virtual bool finished() const = 0;
  [[nodiscard]] virtual Activity activity() const = 0;
  // The latest time to call expire(); Tick::max() for never. May be earlier than needed.
  [[nodiscard]] virtual Tick deadline() const = 0;
  virtual void expire(Tick now) = 0;
  // Accepts no new request; finishes when those that have begun are answered.
  virtual void drain(Tick now) = 0;
};

enum class WireProtocol { kHttp1, kHttp2 };

// Decided by the first bytes of a connection; nullopt while they could still be either.
[[nodiscard]] std::optional<WireProtocol> sniff(std::string_view first_bytes);

[[nodiscard]] std::unique_ptr<Session> make_http1_session(const SessionContext& context, Tick now);
[[nodiscard]] std::unique_ptr<Session> make_http2_session(const SessionContext& context, Tick now);

}  // namespace dualtrace::agent
