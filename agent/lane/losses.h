// SPDX-License-Identifier: Apache-2.0
#pragma once
// Losses: counts spans that ended anywhere but at the destination, by word and reason: how many
// since the process began, how many recently, and the destination's last message. For the report,
// so that nobody reads "Delivering" while spans are lost.
// Limits: number of kinds; everything beyond that counts as kOther.
// A copyable value: a lane passes it to its successor, and a process its note() to the next one.
// Used from one thread.

#include <array>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error/result.h"
#include "common/report/report.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class Losses {
 public:
  void add(report::LossWord word, std::string_view reason, uint64_t spans, std::string_view message,
           Tick now, WallTime when);
  // Sorted by the number of recent spans, most first.
  [[nodiscard]] std::vector<report::Loss> told(Tick now) const;

  // The recent ones, for a process that starts on the same disk.
  [[nodiscard]] std::string note(Tick now) const;
  // Adds those of such a note; they are recent if they still would be. kInvalid if it is none.
  Status resume(std::string_view note, Tick now, WallTime when);
  // Grows with each call that adds something.
  [[nodiscard]] uint64_t changes() const { return changes_; }

 private:
  // report::kLossWindow is divided into steps; a step that is reused drops its old count.
  static constexpr size_t kSteps = 9;
  static constexpr Duration kStep = report::kLossWindow / static_cast<Duration::rep>(kSteps);
  struct Step {
    int64_t number = std::numeric_limits<int64_t>::min();
    uint64_t spans = 0;
  };
  struct Kind {
    uint64_t spans = 0;
    std::array<Step, kSteps> steps{};
    std::string message{};
    WallTime last{};
  };

  // Steps before the tick's beginning are negative: a note may be older than the machine's uptime.
  [[nodiscard]] static int64_t number_of(Tick when);
  void count(Kind& kind, uint64_t spans, Tick when);
  Kind& kind_of(report::LossWord word, std::string_view reason);

  std::map<std::pair<report::LossWord, std::string>, Kind> kinds_;
  uint64_t changes_ = 0;
};

}  // namespace dualtrace::agent
