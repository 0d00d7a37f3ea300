// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/belonging.h"

#include <algorithm>
#include <utility>

#include "common/time/rfc3339.h"

namespace dualtrace::ctl {
namespace {

constexpr Duration kVerdictHolds = std::chrono::seconds(30);
// Much longer than a lease lasts: another replica has had time to take over, and clocks differ.
constexpr Duration kGoneAfter = std::chrono::minutes(2);
constexpr int64_t kDurationsUntilGone = 8;
constexpr size_t kVerdictsMax = 64;

}  // namespace

Belonging::Belonging(kube::Api& api, Clock& clock, std::string own)
    : api_(api), clock_(clock), own_(std::move(own)) {}

std::string Belonging::other(const Json& object) {
  const std::string_view named = text_at(object, {"status", "operator"});
  if (own_.empty() || named.empty() || named == own_) return {};
  std::string lease(named);
  return runs(lease) ? lease : std::string();
}

bool Belonging::runs(const std::string& lease) {
  const Tick now = clock_.tick();
  {
    const Lock lock(mutex_);
    const auto held = verdicts_.find(lease);
    if (held != verdicts_.end() && now < held->second.until) return held->second.runs;
  }
  const size_t slash = lease.find('/');
  if (slash == std::string::npos) return false;  // no operator writes such a name
  const auto found = api_.get(kube::kLeases, {lease.substr(0, slash), lease.substr(slash + 1)});
  const bool gone = !found && found.error().kind == ErrorKind::kNotFound;
  const bool running = found ? is_held(*found) : !gone;
  const Lock lock(mutex_);
  if (verdicts_.size() >= kVerdictsMax) verdicts_.clear();
  verdicts_.insert_or_assign(lease, Verdict{running, now + kVerdictHolds});
  return running;
}

bool Belonging::is_held(const Json& lease) const {
  if (text_at(lease, {"spec", "holderIdentity"}).empty()) return false;
  const auto renewed = parse_rfc3339(text_at(lease, {"spec", "renewTime"}));
  if (!renewed) return false;
  const auto seconds = integer_at(lease, {"spec", "leaseDurationSeconds"}).value_or(0);
  const Duration patience =
      std::max<Duration>(kGoneAfter, std::chrono::seconds(kDurationsUntilGone * seconds));
  return clock_.wall() - *renewed < patience;
}

}  // namespace dualtrace::ctl
