// SPDX-License-Identifier: Apache-2.0
#pragma once
// Exporter: sends one request to one destination and reports which of six outcomes the answer
// means. It keeps nothing and retries nothing; lane/ decides. Implementations: ArizeGrpcExporter,
// ArizeHttpExporter, DatabricksHttpExporter. classify.h is the only table from answer to Outcome.
// Used from one thread; see `Done`.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/send/request_body.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

enum class OutcomeKind {
  kDelivered,  // all spans
  kPartly,     // all but `rejected` spans, which are never resent
  kRetry,      // failed for now; the same bytes may succeed later
  kSplit,      // too large as one request
  kPause,      // credentials, table or configuration: nothing succeeds until that is fixed
  kRefuse,     // this data is refused for good
};
[[nodiscard]] std::string_view to_string(OutcomeKind kind);

struct Outcome {
  OutcomeKind kind = OutcomeKind::kDelivered;
  uint64_t rejected = 0;                  // kPartly
  std::optional<Duration> retry_after{};  // kRetry: the server's hint
  // kRefuse: the answer is about the data, in the destination's own form. Only such an answer can
  // discard a span; after a refusal by an intermediary, the span waits.
  bool verdict = false;
  // kRetry: no answer within ExportRequest::timeout. The destination may have stored the request.
  bool timed_out = false;
  // A stable CamelCase reason for metrics and status: AuthRejected, PermissionDenied, TableMissing,
  // SchemaMismatch, Throttled, TooLarge, Unreachable, Timeout, ServerError, InvalidData, …; empty
  // when delivered.
  std::string reason{};
  // If the lane replaced `reason` by EverythingRefused: the reason of the answer itself.
  std::string cause{};
  // The server's message, for people: at most 512 bytes, without credentials.
  std::string message{};
};

struct ExportRequest {
  std::shared_ptr<const RequestBody> body{};  // a serialized ExportTraceServiceRequest
  uint32_t spans = 0;
  Duration timeout = std::chrono::seconds(30);
};

class Exporter {
 public:
  using Done = std::function<void(Outcome)>;

  // Cancels requests in flight; every `done` has been called when the destructor returns.
  virtual ~Exporter() = default;
  // Does not block on the network; compresses on the calling thread. `done` is called exactly once,
  // from any thread, never from within send().
  virtual void send(ExportRequest request, Done done) = 0;
};

}  // namespace dualtrace::agent
