// SPDX-License-Identifier: Apache-2.0
#pragma once
// The rotation of the webhook's certificates, as a pure state machine: from the content of the
// Secret, what the webhook configurations trust, this replica's certificate and the time, it
// decides the next step. Each step is safe by itself, no matter which replica takes it or where one
// dies. So every replica runs the same machine, without knowing about the others. CertificateKeeper
// runs it.
//
//   current nears its expiry → next is made → every entry trusts current and next → after
//   `settling` next becomes current, current becomes previous → each replica gets a new leaf when
//   it sees that → previous is dropped when none of its leaves can still exist.
//
// Guarantees: as long as replicas run the machine at least every third of a leaf's life, a client
// that trusts the published bundle can verify each of them at any time, even if it sees the bundle
// late by less than `settling`. Assumptions: a Secret and a configuration are only written over the
// version that was read, and configurations are read before the Secret (otherwise an old bundle
// could be published over a newer one). Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/time/clock.h"
#include "operator/certs/webhook_certificate.h"

namespace dualtrace::ctl {

struct Authorities {
  std::optional<Authority> current;     // signs
  std::optional<Authority> next;        // will sign, once every client trusts it
  std::vector<Certificate> previous{};  // only trusted, while their leaves may exist
  WallTime previous_until{};

  // The authorities that clients should trust.
  [[nodiscard]] std::vector<Certificate> trusted() const;
};

struct RotationRules {
  Duration authority_life = std::chrono::hours(365 * 24);
  Duration leaf_life = std::chrono::hours(7 * 24);
  // For how long an authority must have been seen as published before it is used: an API server
  // may see it later than we do.
  Duration settling = std::chrono::minutes(10);
};

struct RotationFacts {
  WallTime now;
  Tick tick;
  Authorities authorities{};   // empty: the Secret is missing, or its content is unusable
  std::optional<Leaf> leaf{};  // this replica's certificate
  bool called = false;         // a webhook configuration has an entry
  bool published = true;       // each entry trusts exactly `authorities`
  // By fingerprint: what all entries trust, and since when this replica has observed that.
  std::map<std::string, Tick> trusted_since{};

  [[nodiscard]] bool trusts(const std::string& fingerprint) const;
};

enum class RotationStep {
  kNone,
  kReplaceAuthorities,  // there is none to sign with, and none that could replace it
  kPromoteNext,
  kDropPrevious,
  kAddNext,
  kPublish,
  kIssueLeaf,
};
[[nodiscard]] std::string_view to_string(RotationStep step);

[[nodiscard]] RotationStep next_step(const RotationFacts& facts, const RotationRules& rules);

// The content of the Secret after a step. `known` are the authorities that may have signed leaves.
[[nodiscard]] Authorities replaced(Authority fresh, std::vector<Certificate> known, WallTime now,
                                   const RotationRules& rules);
[[nodiscard]] Authorities with_next(Authorities authorities, Authority fresh);
[[nodiscard]] Authorities promoted(Authorities authorities, WallTime now,
                                   const RotationRules& rules);
[[nodiscard]] Authorities without_previous(Authorities authorities, WallTime now);

}  // namespace dualtrace::ctl
