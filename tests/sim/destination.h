// SPDX-License-Identifier: Apache-2.0
#pragma once
// Destination: what stands at the end of one lane, whatever agent it is of: it takes requests,
// stores them or not, and answers in its own time, in any order, or not at all, until the exporter
// gives up waiting. Moods change how. Used from one thread.

#include <string>
#include <vector>

#include "agent/lane/lane.h"
#include "common/random/random.h"
#include "tests/fakes/fake_exporter.h"
#include "tests/sim/witness.h"

namespace dualtrace::agent::sim {

class Destination {
 public:
  // kRefusing: everything is refused, in the destination's own form, by a gateway or as too large.
  // kAllergic: what is poisoned gets an answer that is no verdict, always the same.
  // kLate: it stores what it gets, and answers after the exporter has given up.
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
  // Takes over what the exporter was given to send.
  void collect(FakeExporter& exporter, uint32_t life, const LaneOptions& options);
  // Deals with one of the requests that it has, whichever; false when it has none to deal with.
  bool act();
  // Gives up on requests that are older than their timeout.
  void time_out();
  [[nodiscard]] bool idle() const { return flights_.empty(); }
  [[nodiscard]] std::optional<Tick> next_timeout() const;
  // The agent, or its lane, is gone, and with it everybody who waits for these answers.
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
