// SPDX-License-Identifier: Apache-2.0
#pragma once
// Losses: counts spans that ended anywhere but at the destination, by word and reason: how many
// since the process began, how many recently, and the destination's last message. For the report,
// so that nobody reads "Delivering" while spans are lost.
// Limits: number of kinds; everything beyond that counts as kOther.
// A copyable value: a lane passes it to its successor. Used from one thread.

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/report/report.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class Losses {
 public:
  void add(report::LossWord word, std::string_view reason, uint64_t spans, std::string_view message,
           Tick now, WallTime when);
  // Sorted by the number of recent spans, most first.
  [[nodiscard]] std::vector<report::Loss> told(Tick now) const;

 private:
  // report::kLossWindow is divided into steps; a step that is reused drops its old count.
  static constexpr size_t kSteps = 9;
  static constexpr Duration kStep = report::kLossWindow / static_cast<Duration::rep>(kSteps);
  struct Step {
    int64_t number = -1;
    uint64_t spans = 0;
  };
  struct Kind {
    uint64_t spans = 0;
    std::array<Step, kSteps> steps{};
    std::string message{};
    WallTime last{};
  };

  std::map<std::pair<report::LossWord, std::string>, Kind> kinds_;
};

}  // namespace dualtrace::agent
