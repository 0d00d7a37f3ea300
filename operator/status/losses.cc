// SPDX-License-Identifier: Apache-2.0
// What a destination's condition says when spans ended anywhere but there.

#include <algorithm>

#include "operator/status/conditions.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

using report::LossReason;
using report::LossWord;

constexpr size_t kKindsTold = 3;
constexpr size_t kWordsBytesMax = 256;  // of the destination

std::string_view advice_of(LossReason why) {
  switch (why) {
    case LossReason::kMissingProject:
      return "Arize takes no span without a project; set spec.arize.project, or "
             "openinference.project.name in the applications' resource attributes";
    case LossReason::kInvalidData:
      return "fix what its words name in the application that sends it; the spans are kept as dead "
             "letters (docs/operations.md)";
    case LossReason::kTooLarge:
      return "a single span is larger than it takes; let the application send shorter attributes";
    case LossReason::kRejected:
      return "it took the others of the same requests; fix what its words name";
    case LossReason::kBacklog:
      return "more waited than spec.delivery.maxBacklog; fix the delivery, or raise it";
    case LossReason::kAge:
      return "they waited longer than spec.delivery.maxAge; fix the delivery, or raise it";
    case LossReason::kJournalDamage:
      return "the journal on the node's disk is damaged; look at the disk";
  }
  return {};
}

std::string words_for(const LossSummary& loss) {
  const auto known = loss.word.known();
  if (!known) return loss.word.text();
  switch (*known) {
    case LossWord::kDeadLettered:
      return "refused for good and set aside";
    case LossWord::kRejected:
      return "rejected";
    case LossWord::kExpired:
      return "given up";
  }
  return loss.word.text();
}

std::string told(const LossSummary& loss) {
  std::string text = std::to_string(loss.spans) + " " + words_for(loss) + " as " + loss.reason +
                     " (on " + name_list(loss.nodes) + ")";
  if (const std::string advice = advice_on(loss.reason); !advice.empty()) text += ": " + advice;
  if (!loss.message.empty()) text += "; it says: " + cut(loss.message, kWordsBytesMax);
  return text;
}

}  // namespace

std::string advice_on(std::string_view reason) {
  const auto known = report::parse_word<LossReason>(reason);
  return known ? std::string(advice_of(*known)) : "";
}

Reason reason_of(const LossSummary& loss) {
  switch (loss.word.known().value_or(LossWord::kDeadLettered)) {
    case LossWord::kRejected:
      return reason::kSpansRejected;
    case LossWord::kExpired:
      return reason::kSpansExpired;
    case LossWord::kDeadLettered:
      break;
  }
  return reason::kSpansDeadLettered;
}

std::string losses_told(const LaneSummary& lane) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(report::kLossWindow);
  std::string text = "spans did not reach " + std::string(report::title(lane.destination)) +
                     " in the last " + std::to_string(seconds.count()) + " s";
  const size_t kinds = std::min(lane.losses.size(), kKindsTold);
  for (size_t i = 0; i < kinds; ++i) text += (i == 0 ? ": " : "; ") + told(lane.losses[i]);
  if (lane.losses.size() > kinds) {
    text += "; and for " + std::to_string(lane.losses.size() - kinds) + " reasons more";
  }
  return text;
}

}  // namespace dualtrace::ctl
