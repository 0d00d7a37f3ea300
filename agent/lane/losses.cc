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
  Kind& kind = kind_of(word, reason);
  kind.message = report::cut(message, report::kTextBytesMax);
  kind.last = when;
  count(kind, spans, now);
}

Losses::Kind& Losses::kind_of(report::LossWord word, std::string_view reason) {
  std::pair<report::LossWord, std::string> names{word, reason};
  if (kinds_.size() + kWordsOfOther >= report::kLossesMax && !kinds_.contains(names))
    names.second = kOther;
  return kinds_[names];
}

int64_t Losses::number_of(Tick when) {
  const Duration since = when.time_since_epoch();
  return since / kStep - (since % kStep < Duration{0} ? 1 : 0);
}

void Losses::count(Kind& kind, uint64_t spans, Tick when) {
  constexpr auto kCount = static_cast<int64_t>(kSteps);
  ++changes_;
  kind.spans += spans;
  const int64_t number = number_of(when);
  Step& step = kind.steps.at(static_cast<size_t>((number % kCount + kCount) % kCount));
  if (step.number > number) return;  // it would not be recent
  if (step.number != number) step = {number, 0};
  step.spans += spans;
}

std::vector<report::Loss> Losses::told(Tick now) const {
  constexpr auto kCount = static_cast<int64_t>(kSteps);
  const int64_t oldest = number_of(now) - kCount + 1;
  std::vector<report::Loss> told;
  for (const auto& [names, kind] : kinds_) {
    uint64_t lately = 0;
    for (const Step& step : kind.steps) {
      if (step.number >= oldest) lately += step.spans;
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

std::string Losses::note(Tick now) const {
  std::vector<report::Loss> recent = told(now);
  std::erase_if(recent, [](const report::Loss& loss) { return loss.lately == 0; });
  return report::losses_to_json(recent);
}

// All spans of a kind count as lost when the last of them was: its condition clears at that time.
// If that was long ago, as after a reboot, they still count: perhaps no report had them.
Status Losses::resume(std::string_view note, Tick now, WallTime when) {
  const auto losses = report::parse_losses(note);
  if (!losses) return fail(losses.error());
  for (const report::Loss& loss : *losses) {
    const auto word = loss.word.known();
    const Duration age = std::max(when - loss.last.value_or(when), Duration{0});
    if (!word || loss.lately == 0) continue;
    Kind& kind = kind_of(*word, loss.reason);
    if (const WallTime last = when - age; last >= kind.last) {
      kind.last = last;
      kind.message = loss.message;
    }
    count(kind, loss.lately, now - age);
  }
  return {};
}

}  // namespace dualtrace::agent
