// SPDX-License-Identifier: Apache-2.0
#pragma once
// LaneSummary: what all agents together say of one destination. The condition and the entry in
// status.destinations are both made from it.
// Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/status/credential_use.h"
#include "operator/status/facts.h"

namespace dualtrace::ctl {

using report::Destination;
using report::LaneState;

// One file of the destination's credentials.
struct CredentialSummary {
  report::Word<report::CredentialPart> part;
  std::map<std::string, std::vector<std::string>> nodes_using{};  // by fingerprint; "": none yet
  std::vector<std::string> nodes_missing{};
  std::vector<std::string> nodes_unusable{};
  std::string why{};  // of the first node that finds nothing usable
};

// Spans that ended lately under one word for one reason.
struct LossSummary {
  report::Word<report::LossWord> word;
  std::string reason;
  uint64_t spans = 0;
  std::vector<std::string> nodes{};
  std::string message{};  // of the newest
  std::optional<WallTime> last{};
};

struct LaneSummary {
  Destination destination{};
  size_t agents = 0;               // all that there are
  size_t reporting = 0;            // of them say something of this destination now; those that
                                   // fell silent in trouble count in what follows
  std::optional<LaneState> worst;  // over those whose state is known here
  std::string unknown_state;       // that an agent of a newer version says
  bool any_delivers = false;
  std::vector<std::string> nodes_failing;  // whose lane retries or pauses; sorted
  report::LastError error;                 // of the first node that is worst off
  std::string silence;                     // why an agent says nothing, when one does
  uint64_t backlog_bytes = 0;
  std::optional<WallTime> oldest_undelivered;
  std::optional<WallTime> last_delivered;
  std::string fingerprint;  // of the credential that most agents use; "" when none has one
  size_t agents_with_it = 0;
  bool one_credential = true;                  // no reporting agent uses another, or none
  CredentialUse use;                           // of the key, token or secret itself
  std::vector<CredentialSummary> credentials;  // none from agents of the version before
  std::vector<LossSummary> losses;             // lately, in the order of report::LossWord
  uint64_t lost_spans = 0;                     // since the agents that run now started
  report::Loss last_loss;                      // of those
};

// In the order of report::kDestinations: those that the export names or, when it cannot be read,
// those that agents speak of.
[[nodiscard]] std::vector<LaneSummary> summarize_lanes(const Facts& facts);

}  // namespace dualtrace::ctl
