// SPDX-License-Identifier: Apache-2.0
#pragma once
// The rotation of the webhook's certificates, as a pure state machine: given what the Secret holds,
// what the webhook configurations trust, what this replica shows and the time, the next step. Each
// step is safe by itself, whichever replica takes it and wherever one dies; so every replica runs
// the same machine and they need not know of each other. CertificateKeeper is its body.
//
//   current nears its end → next is made → every entry trusts current and next → after `settling`
//   next becomes current, current becomes previous → replicas sign anew, each when it sees that →
//   previous is dropped when no leaf of it can be left.
//
// Guarantees: as long as replicas look at least every third of a leaf's life, a client that trusts
// what is published can verify each of them at any time, also if it sees what is published late by
// less than `settling`. Assumptions: a Secret and a configuration are only written over the version
// that was read, and configurations are read before the Secret (else an old bundle could be
// published over a newer one). Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/time/clock.h"
#include "operator/certs/certificate.h"

namespace dualtrace::ctl {

struct Authorities {
  std::optional<Authority> current;     // signs
  std::optional<Authority> next;        // is to sign, when everybody trusts it
  std::vector<Certificate> previous{};  // trusted only, while there may be leaves of theirs
  WallTime previous_until{};

  // What clients are to trust.
  [[nodiscard]] std::vector<Certificate> trusted() const;
};

struct RotationRules {
  Duration authority_life = std::chrono::hours(365 * 24);
  Duration leaf_life = std::chrono::hours(7 * 24);
  // For how long something must have been seen published before anything stands on it: an API
  // server may see it later than we do.
  Duration settling = std::chrono::minutes(10);
};

struct RotationFacts {
  WallTime now;
  Tick tick;
  Authorities authorities{};   // empty: the Secret is missing, or what is in it cannot be used
  std::optional<Leaf> leaf{};  // what this replica shows
  bool called = false;         // there is an entry in a webhook configuration
  bool published = true;       // each entry trusts exactly what `authorities` says
  // By fingerprint, what all entries trust, and since when this replica has seen that.
  std::map<std::string, Tick> trusted_since{};

  [[nodiscard]] bool trusts(const std::string& fingerprint) const;
};

enum class RotationStep {
  kNone,
  kReplaceAuthorities,  // there is none to sign with, nor one that could take its place
  kPromoteNext,
  kDropPrevious,
  kAddNext,
  kPublish,
  kIssueLeaf,
};
[[nodiscard]] std::string_view to_string(RotationStep step);

[[nodiscard]] RotationStep next_step(const RotationFacts& facts, const RotationRules& rules);

// What the Secret is to hold after a step. `known` are the authorities that leaves may be of.
[[nodiscard]] Authorities replaced(Authority fresh, std::vector<Certificate> known, WallTime now,
                                   const RotationRules& rules);
[[nodiscard]] Authorities with_next(Authorities authorities, Authority fresh);
[[nodiscard]] Authorities promoted(Authorities authorities, WallTime now,
                                   const RotationRules& rules);
[[nodiscard]] Authorities without_previous(Authorities authorities, WallTime now);

}  // namespace dualtrace::ctl
