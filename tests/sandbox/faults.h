// SPDX-License-Identifier: Apache-2.0
#pragma once
// Faults: how each destination misbehaves, set through POST /faults/<destination>. Each destination
// has at most one fault of each kind at a time; different kinds combine. reception.cc applies them
// to requests; admin.cc closes the listeners. Thread-safe.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/random/random.h"
#include "common/sync/mutex.h"
#include "common/time/clock.h"
#include "tests/sandbox/answer.h"

namespace dualtrace::sandbox {

enum class FaultKind {
  kBlackhole,
  kRefuse,
  kStatus,
  kPartial,
  kSlow,
  kCut,
  kLimit,
  kPoison,
  kGrant
};

[[nodiscard]] std::string_view to_string(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::kStatus;
  std::optional<uint64_t> count{};     // remaining requests that it affects
  std::optional<Duration> duration{};  // how long it lasts
  uint64_t percent = 100;              // of the requests that it can affect

  Answer answer{};   // status, poison: the answer itself; partial: its message and number of spans
  Duration delay{};  // slow
  bool store_first = true;  // slow: before the delay; cut: before the connection is closed
  uint64_t bytes_max = 0;   // limit
  std::string poison{};     // poison: a span's name, or its attribute dualtrace.test.poison
  std::string set{};        // grant: a JSON object that is merged into the token answer
};

// {"kind": "status", "status": 503, "count": 3, …}; nothing for {"kind": "none"}. README.md lists
// the members of each kind; an unknown one is an error.
Result<std::optional<Fault>> parse_fault(std::string_view json);

class Faults {
 public:
  explicit Faults(const Clock& clock) : clock_(clock) {}

  void set(Destination destination, Fault fault);
  void clear(Destination destination);

  [[nodiscard]] std::optional<Fault> peek(Destination destination, FaultKind kind);
  // Like peek(), but uses up one request of the fault's count.
  std::optional<Fault> take(Destination destination, FaultKind kind);

  // {"arize": [{"kind": …, "count": …, "seconds": …}], "databricks": []}
  [[nodiscard]] std::string to_json();

 private:
  struct Active {
    Fault fault;
    std::optional<Tick> until{};
  };
  using Key = std::pair<Destination, FaultKind>;

  // Removes it once its time is over.
  Active* find(Key key) DT_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  Random dice_ DT_GUARDED_BY(mutex_){1};
  std::map<Key, Active> active_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::sandbox
