// SPDX-License-Identifier: Apache-2.0
#pragma once
// Destination: the simulated destination of one lane, for all agents. It accepts requests, stores
// them or not, and answers after any delay, in any order, or not at all, until the exporter times
// out. Its mood changes how it behaves. Used from one thread.

#include <string>
#include <vector>

#include "agent/lane/lane.h"
#include "common/random/random.h"
#include "tests/fakes/fake_exporter.h"
#include "tests/sim/witness.h"

namespace dualtrace::agent::sim {

class Destination {
 public:
  // kRefusing: rejects everything, in the destination's own format, as a gateway or as too large.
  // kAllergic: always answers poisoned spans with the same response, which is not a verdict.
  // kLate: stores what it gets, and answers after the exporter has given up.
  enum class Mood {
    kWell,
    kDown,
    kThrottling,
    kLocked,
    kPicky,
    kFickle,
    kSilent,
    kRefusing,
    kAllergic,
    kLate
  };
  static constexpr uint64_t kMoods = 10;

  Destination(size_t lane, Witness& witness, const Clock& clock, Random& random)
      : lane_(lane), witness_(witness), clock_(clock), random_(random) {}

  void set_mood(Mood mood) { mood_ = mood; }
  // Accepts the requests that the exporter was given.
  void collect(FakeExporter& exporter, uint32_t life, const LaneOptions& options);
  // Handles a random pending request; returns false if there is none.
  bool act();
  // Gives up on requests that are older than their timeout.
  void time_out();
  [[nodiscard]] bool idle() const { return flights_.empty(); }
  [[nodiscard]] std::optional<Tick> next_timeout() const;
  // The agent, or its lane, is gone, so nobody waits for these responses.
  void forget(uint32_t life);

 private:
  struct Flight {
    uint32_t life = 0;
    std::vector<uint64_t> spans;
    size_t bytes = 0;
    Tick times_out;
    Exporter::Done done;
  };

  Outcome judge(const Flight& flight);
  Outcome anything(const Flight& flight);
  void answer(size_t index, Outcome outcome);

  const size_t lane_;
  Witness& witness_;
  const Clock& clock_;
  Random& random_;
  Mood mood_ = Mood::kWell;
  std::vector<Flight> flights_;
};

}  // namespace dualtrace::agent::sim
