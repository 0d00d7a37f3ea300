// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/losses.h"

#include <algorithm>

namespace dualtrace::agent {
namespace {

constexpr std::string_view kOther = "Other";
constexpr size_t kWordsOfOther = report::kWords<report::LossWord>.size();

}  // namespace

void Losses::add(report::LossWord word, std::string_view reason, uint64_t spans,
                 std::string_view message, Tick now, WallTime when) {
  std::pair<report::LossWord, std::string> names{word, reason};
  if (kinds_.size() + kWordsOfOther >= report::kLossesMax && !kinds_.contains(names))
    names.second = kOther;
  Kind& kind = kinds_[names];
  kind.spans += spans;
  kind.message = report::cut(message, report::kTextBytesMax);
  kind.last = when;
  const int64_t number = now.time_since_epoch() / kStep;
  Step& step = kind.steps.at(static_cast<size_t>(number) % kSteps);
  if (step.number != number) step = {number, 0};
  step.spans += spans;
}

std::vector<report::Loss> Losses::told(Tick now) const {
  const int64_t number = now.time_since_epoch() / kStep;
  std::vector<report::Loss> told;
  for (const auto& [names, kind] : kinds_) {
    uint64_t lately = 0;
    for (const Step& step : kind.steps) {
      const bool is_lately =
          step.number >= 0 && number - step.number < static_cast<int64_t>(kSteps);
      if (is_lately) lately += step.spans;
    }
    told.push_back({.word = names.first,
                    .reason = names.second,
                    .spans = kind.spans,
                    .lately = lately,
                    .last = kind.last,
                    .message = kind.message});
  }
  std::stable_sort(told.begin(), told.end(), [](const report::Loss& a, const report::Loss& b) {
    return a.lately > b.lately;
  });
  return told;
}

}  // namespace dualtrace::agent
