// SPDX-License-Identifier: Apache-2.0
#include "operator/certs/rotation.h"

#include <algorithm>
#include <utility>

namespace dualtrace::ctl {
namespace {

// More than two concurrent rotations leave behind.
constexpr size_t kPreviousMax = 4;

// Renewal is due after two thirds of the lifetime.
bool worn(const Certificate& certificate, WallTime now) {
  const WallTime made = certificate.not_before + kBackdating;
  return now >= made + (certificate.not_after - made) / 3 * 2;
}

bool usable(const std::optional<Authority>& authority, WallTime now) {
  return authority && authority->certificate.valid_at(now);
}

// Published for long enough; without an entry that calls the webhook, nothing has to see it.
bool settled(const RotationFacts& facts, const Authority& authority, Duration settling) {
  if (!facts.called) return true;
  const auto since = facts.trusted_since.find(authority.certificate.fingerprint);
  return since != facts.trusted_since.end() && facts.tick - since->second >= settling;
}

bool outlived(const Authorities& authorities, WallTime now) {
  if (authorities.previous.empty()) return false;
  return now >= authorities.previous_until ||
         std::ranges::any_of(authorities.previous,
                             [&](const Certificate& one) { return now >= one.not_after; });
}

bool needs_leaf(const RotationFacts& facts, const Authority& current, Duration settling) {
  if (!facts.leaf || !facts.leaf->certificate.valid_at(facts.now)) return true;
  const bool other = facts.leaf->issuer != current.certificate.fingerprint;
  if (!other) return worn(facts.leaf->certificate, facts.now);
  // The old one remains valid as long as it is trusted.
  return !facts.trusts(facts.leaf->issuer) || settled(facts, current, settling);
}

void keep_valid(std::vector<Certificate>& certificates, WallTime now) {
  std::erase_if(certificates, [&](const Certificate& one) { return now >= one.not_after; });
}

// Each once, without those that sign, newest last.
std::vector<Certificate> previous_of(std::vector<Certificate> known, const Authority& current,
                                     WallTime now) {
  keep_valid(known, now);
  std::vector<Certificate> kept;
  for (Certificate& one : known) {
    if (one == current.certificate || std::ranges::find(kept, one) != kept.end()) continue;
    kept.push_back(std::move(one));
  }
  if (kept.size() > kPreviousMax) kept.erase(kept.begin(), kept.end() - kPreviousMax);
  return kept;
}

// A replica signs with an authority that it has just read as the current one. Twice a leaf's life
// leaves room for a slow replica.
WallTime until(WallTime now, const RotationRules& rules) { return now + 2 * rules.leaf_life; }

}  // namespace

std::vector<Certificate> Authorities::trusted() const {
  std::vector<Certificate> all;
  if (current) all.push_back(current->certificate);
  if (next) all.push_back(next->certificate);
  all.insert(all.end(), previous.begin(), previous.end());
  return all;
}

bool RotationFacts::trusts(const std::string& fingerprint) const {
  return !called || trusted_since.contains(fingerprint);
}

std::string_view to_string(RotationStep step) {
  switch (step) {
    case RotationStep::kNone:
      return "none";
    case RotationStep::kReplaceAuthorities:
      return "replace_authorities";
    case RotationStep::kPromoteNext:
      return "promote_next";
    case RotationStep::kDropPrevious:
      return "drop_previous";
    case RotationStep::kAddNext:
      return "add_next";
    case RotationStep::kPublish:
      return "publish";
    case RotationStep::kIssueLeaf:
      return "issue_leaf";
  }
  return "none";
}

RotationStep next_step(const RotationFacts& facts, const RotationRules& rules) {
  const Authorities& now_is = facts.authorities;
  const bool has_next = usable(now_is.next, facts.now);
  if (!usable(now_is.current, facts.now)) {
    return has_next ? RotationStep::kPromoteNext : RotationStep::kReplaceAuthorities;
  }
  if (outlived(now_is, facts.now)) return RotationStep::kDropPrevious;
  if (!has_next && worn(now_is.current->certificate, facts.now)) return RotationStep::kAddNext;
  if (!facts.published) return RotationStep::kPublish;
  if (has_next && settled(facts, *now_is.next, rules.settling)) return RotationStep::kPromoteNext;
  if (needs_leaf(facts, *now_is.current, rules.settling)) return RotationStep::kIssueLeaf;
  return RotationStep::kNone;
}

Authorities replaced(Authority fresh, std::vector<Certificate> known, WallTime now,
                     const RotationRules& rules) {
  Authorities made{.current = std::move(fresh), .next = std::nullopt};
  made.previous = previous_of(std::move(known), *made.current, now);
  made.previous_until = until(now, rules);
  return made;
}

Authorities with_next(Authorities authorities, Authority fresh) {
  authorities.next = std::move(fresh);
  return authorities;
}

Authorities promoted(Authorities authorities, WallTime now, const RotationRules& rules) {
  std::vector<Certificate> known = std::move(authorities.previous);
  if (authorities.current) known.push_back(std::move(authorities.current->certificate));
  return replaced(*std::move(authorities.next), std::move(known), now, rules);
}

Authorities without_previous(Authorities authorities, WallTime now) {
  keep_valid(authorities.previous, now);
  if (now >= authorities.previous_until) authorities.previous.clear();
  return authorities;
}

}  // namespace dualtrace::ctl
