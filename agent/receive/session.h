// SPDX-License-Identifier: Apache-2.0
#pragma once
// Session: one connection's protocol as a state machine of bytes, without socket, thread or clock:
// it is told what came in and what time it is, and says what goes out, which requests are complete
// and when it wants to be woken. Connection carries it; tests and fuzzers drive it directly.
//
// After any call that changes it, ask in this order: take_requests(), take_output(), then
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
  const Clock& clock;  // for the date of answers; what happens when is told by the caller
  std::shared_ptr<PeerShare> peer{};  // of the session's own client
};

struct ReadyRequest {
  uint64_t id;  // never used again in the same session
  IntakeRequest request;
};

// What a client has under way, the most of it: whether its connection could be spared.
enum class Activity : uint8_t {
  kIdle,     // nothing
  kReading,  // requests that have not come in full
  kStoring,  // a request that is with the intake, whose answer must not get lost
};

class Session {
 public:
  virtual ~Session() = default;

  // Bytes from the client; empty to go on after output was taken.
  virtual void consume(std::string_view bytes, Tick now) = 0;
  // The client will send no more; answers still reach it.
  virtual void end_of_input(Tick now) = 0;
  // Complete requests, in the order they came; each is to be answered once.
  [[nodiscard]] virtual std::vector<ReadyRequest> take_requests() = 0;
  // Ignored for a request that is gone.
  virtual void answer(uint64_t request_id, const Status& status, Tick now) = 0;
  // Bytes for the client; empty when there is nothing to send now.
  [[nodiscard]] virtual std::string take_output() = 0;
  // False while more input would only pile up.
  [[nodiscard]] virtual bool wants_input() const = 0;
  // The connection is to be closed once all output is written.
  [[nodiscard]] virtual bool finished() const = 0;
  [[nodiscard]] virtual Activity activity() const = 0;
  // When to call expire(), at the latest; Tick::max() for never. May lie earlier than needed.
  [[nodiscard]] virtual Tick deadline() const = 0;
  virtual void expire(Tick now) = 0;
  // Takes no new request; finishes when those begun are answered.
  virtual void drain(Tick now) = 0;
};

enum class WireProtocol { kHttp1, kHttp2 };

// By the first bytes of a connection; nothing while they could still be either.
[[nodiscard]] std::optional<WireProtocol> sniff(std::string_view first_bytes);

[[nodiscard]] std::unique_ptr<Session> make_http1_session(const SessionContext& context, Tick now);
[[nodiscard]] std::unique_ptr<Session> make_http2_session(const SessionContext& context, Tick now);

}  // namespace dualtrace::agent
