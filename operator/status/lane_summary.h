// SPDX-License-Identifier: Apache-2.0
#pragma once
// LaneSummary: the combined reports of all agents on one destination. The condition and the entry
// in status.destinations are both made from it.
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

// One file of the destination's credentials, or of its connections.
struct CredentialSummary {
  report::Word<CredentialPart> part;
  std::map<std::string, std::vector<std::string>> nodes_using{};  // by fingerprint; "": none yet
  std::vector<std::string> nodes_missing{};
  struct Unusable {
    std::vector<std::string> nodes{};
    std::string why{};
  };
  std::map<std::string, Unusable> unusable{};  // by the content's fingerprint; "": not known
  // Of certificates: report::ConnectionFile, on the node where they expire first.
  std::optional<WallTime> expires{};
  std::optional<WallTime> all_expired{};
};

// Spans that recently ended under one word for one reason.
struct LossSummary {
  report::Word<report::LossWord> word;
  std::string reason;
  std::map<std::string, uint64_t> spans_on{};  // by node
  std::string message{};                       // of the newest
  std::optional<WallTime> last{};
};

struct LaneSummary {
  Destination destination{};
  size_t agents = 0;               // all agents
  size_t reporting = 0;            // of those: report on this destination now. Agents that stopped
                                   // reporting while they had a problem count in what follows
  std::optional<LaneState> worst;  // over the states that this operator knows
  std::string unknown_state;       // one that a newer agent reports
  bool any_delivers = false;
  std::vector<std::string> nodes_failing;  // whose lane retries or pauses; sorted
  std::vector<std::string> nodes_late;     // of those that retry: where a span has waited, and none
                                           // was delivered, for kNodePatience; sorted
  std::optional<WallTime> next_late{};     // when another one will, if nothing changes
  report::LastError error;                 // of the first node that is worst off
  std::string silence;                     // why an agent does not report, if one does not
  uint64_t backlog_bytes = 0;
  std::optional<WallTime> oldest_undelivered;
  std::optional<WallTime> last_delivered;
  std::string fingerprint;  // of the credential that most agents use; "" if none has one
  size_t agents_with_it = 0;
  bool one_credential = true;                  // all reporting agents use the same one
  CredentialUse use;                           // of the key, token or secret itself
  std::vector<CredentialSummary> credentials;  // none from agents of the previous version
  // Not part of `credentials`: they belong to no rotation, and no old value need be proved unused.
  std::vector<CredentialSummary> connection_files;
  std::vector<LossSummary> losses;  // recent ones, in the order of report::LossWord
  uint64_t lost_spans = 0;          // since the agents that run now started, and the
                                    // last ones of their predecessors
  report::Loss last_loss;           // of those
};

// The Secret's key, or the ConfigMap's, that becomes that file; nullptr if it is not known.
[[nodiscard]] const SecretFact* fact_of(const Facts& facts, const LaneSummary& lane,
                                        const CredentialSummary& file);

// In the order of report::kDestinations: the destinations that the export names or, if it cannot
// be read, those that agents report on.
[[nodiscard]] std::vector<LaneSummary> summarize_lanes(const Facts& facts);

}  // namespace dualtrace::ctl
