// SPDX-License-Identifier: Apache-2.0
// The part of a destination's condition about spans that ended anywhere but there.

#include <algorithm>

#include "operator/status/conditions.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

using report::LossReason;
using report::LossWord;

constexpr size_t kKindsTold = 3;
constexpr size_t kWordsBytesMax = 256;  // of the destination's message

std::string_view advice_of(LossReason why) {
  switch (why) {
    case LossReason::kMissingProject:
      return "Arize accepts no span without a project; set spec.arize.project, or "
             "openinference.project.name in the applications' resource attributes";
    case LossReason::kInvalidData:
      return "in the application that sends the spans, fix what the message names";
    case LossReason::kTooLarge:
      return "a single span is larger than the destination accepts; let the application send "
             "shorter attributes";
    case LossReason::kRejected:
      return "the destination accepted the other spans of the same requests; fix what the message "
             "names";
    case LossReason::kBacklog:
      return "the backlog exceeded spec.delivery.maxBacklog; fix the delivery, or raise the limit";
    case LossReason::kAge:
      return "they waited longer than spec.delivery.maxAge; fix the delivery, or raise the limit";
    case LossReason::kJournalDamage:
      return "the journal on the node's disk is damaged; check the disk";
  }
  return {};
}

// The ledger counts damage as dead-lettered, too, but nothing is left to keep in a letter.
bool has_letters(const LossSummary& loss) {
  return loss.word == LossWord::kDeadLettered &&
         loss.reason != to_string(LossReason::kJournalDamage);
}

std::string words_for(const LossSummary& loss) {
  const auto known = loss.word.known();
  if (!known) return loss.word.text();
  switch (*known) {
    case LossWord::kDeadLettered:
      return has_letters(loss) ? "refused for good and kept as dead letters"
                               : "lost from the journal";
    case LossWord::kRejected:
      return "rejected";
    case LossWord::kExpired:
      return "given up";
  }
  return loss.word.text();
}

std::string told(const LossSummary& loss) {
  uint64_t spans = 0;
  std::vector<std::string> nodes;
  for (const auto& [node, lost] : loss.spans_on) {
    spans += lost;
    nodes.push_back(node);
  }
  std::string text = std::to_string(spans) + " " + words_for(loss) + " on " + name_list(nodes) +
                     " (" + loss.reason + ")";
  if (const std::string advice = advice_on(loss.reason); !advice.empty()) text += ": " + advice;
  if (!loss.message.empty()) text += "; message: " + cut(loss.message, kWordsBytesMax);
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
    text += "; and for " + std::to_string(lane.losses.size() - kinds) + " more reasons";
  }
  if (std::any_of(lane.losses.begin(), lane.losses.end(), has_letters)) {
    text += ". To resend the dead letters, see docs/operations.md";
  }
  return text;
}

}  // namespace dualtrace::ctl
