// SPDX-License-Identifier: Apache-2.0
#include "common/kube/election.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/error/check.h"
#include "common/time/rfc3339.h"

namespace dualtrace::kube {
namespace {

// Followers are spread out over one to 2.2 retry periods.
constexpr double kJitter = 1.2;

const Json& spec_of(const Json& lease) {
  static const Json kNone = Json::object();
  const Json* spec = find(lease, {"spec"});
  return spec != nullptr && spec->is_object() ? *spec : kNone;
}

int64_t seconds_rounded_up(Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

}  // namespace

Election::Election(LeaderElector::Options options, Api& api, Clock& clock, uint64_t seed)
    : options_(std::move(options)),
      api_(api),
      clock_(clock),
      leadership_(std::make_shared<Leadership>(clock)),
      random_(seed) {}

Election::Round Election::round() {
  DT_CHECK(standing_ != Standing::kLost);
  const bool led = standing_ == Standing::kLeading;
  const auto lost = [&](Error error) {
    standing_ = Standing::kLost;
    leadership_->lose();
    return Round{standing_, {}, std::move(error)};
  };
  if (led && clock_.tick() >= leads_until_) {
    return lost({ErrorKind::kUnavailable, "the lease was not renewed in time"});
  }
  const Result<Tick> begun = acquire_or_renew();
  const Tick now = clock_.tick();
  if (led && now >= leads_until_) {
    return lost(begun ? Error{ErrorKind::kUnavailable, "renewing the lease took too long"}
                      : begun.error());
  }
  if (led && !begun && !holder().empty() && !is_mine()) return lost(begun.error());
  if (begun) {
    leads_until_ = *begun + options_.renew_deadline;
    // If acquiring took too long, the lease is ours, but only the next round may lead.
    if (now < leads_until_) {
      standing_ = Standing::kLeading;
      leadership_->hold(leads_until_, *begun + 2 * options_.lease_duration);
    }
  }
  Round round{standing_, {}, begun ? std::nullopt : std::optional(begun.error())};
  round.wait = standing_ == Standing::kLeading ? std::min(options_.retry_period, leads_until_ - now)
                                               : follower_wait();
  return round;
}

Status Election::release() {
  leadership_->give_up();
  if (!is_mine()) return {};
  Result<Tick> written = write(held_by_nobody());
  if (!written && written.error().kind == ErrorKind::kConflict) {
    // A renewal of ours whose answer was lost, or a successor.
    const auto lease = api_.get(kLeases, options_.lease);
    if (!lease) return fail(lease.error());
    observe(*lease);
    if (!is_mine()) return {};
    written = write(held_by_nobody());
  }
  if (!written) return fail(written.error());
  return {};
}

std::string Election::holder() const {
  return std::string(text_at(spec_of(lease_), {"holderIdentity"}));
}

Result<Tick> Election::acquire_or_renew() {
  if (is_mine() && is_believed()) {
    if (auto begun = write(held_by_us(lease_))) return begun;
  }
  const auto lease = api_.get(kLeases, options_.lease);
  if (!lease) {
    if (lease.error().kind == ErrorKind::kNotFound) return create();
    return fail(lease.error());
  }
  observe(*lease);
  if (!holder().empty() && !is_mine() && is_believed()) {
    return fail(ErrorKind::kConflict, "the lease is held by " + holder());
  }
  return write(held_by_us(lease_));
}

Result<Tick> Election::create() {
  const auto& [namespace_name, name] = options_.lease;
  Json lease = held_by_us({{"apiVersion", kLeases.api_version()},
                           {"kind", kLeases.kind},
                           {"metadata", {{"namespace", namespace_name}, {"name", name}}}});
  lease["spec"]["leaseTransitions"] = 0;
  const Tick begun = clock_.tick();
  const auto created = api_.create(kLeases, lease);
  if (!created) return fail(created.error());
  observe(*created);
  return begun;
}

Result<Tick> Election::write(const Json& lease) {
  const Tick begun = clock_.tick();
  const auto updated = api_.update(kLeases, lease);
  if (!updated) return fail(updated.error());
  observe(*updated);
  return begun;
}

// A label that somebody sets on the lease is not a renewal by its holder: only the spec counts.
void Election::observe(const Json& lease) {
  if (lease_.is_null() || spec_of(lease) != spec_of(lease_)) observed_ = clock_.tick();
  lease_ = lease;
}

// Judged by when we saw it change on our own clock, never by the times written in it.
bool Election::is_believed() const {
  const auto seconds = integer_at(spec_of(lease_), {"leaseDurationSeconds"});
  const Duration lasts = seconds ? std::chrono::seconds(std::clamp<int64_t>(
                                       *seconds, 0, std::numeric_limits<int32_t>::max()))
                                 : options_.lease_duration;
  return clock_.tick() < observed_ + lasts;
}

Json Election::held_by_us(Json lease) const {
  const std::string now = rfc3339_micros(clock_.wall());
  Json spec = spec_of(lease);
  if (text_at(spec, {"holderIdentity"}) != options_.identity) {
    spec["acquireTime"] = now;
    spec["leaseTransitions"] = integer_at(spec, {"leaseTransitions"}).value_or(0) + 1;
  }
  spec["holderIdentity"] = options_.identity;
  spec["leaseDurationSeconds"] = seconds_rounded_up(options_.lease_duration);
  spec["renewTime"] = now;
  lease["spec"] = std::move(spec);
  return lease;
}

Json Election::held_by_nobody() const {
  const std::string now = rfc3339_micros(clock_.wall());
  Json lease = lease_;
  Json& spec = lease["spec"];
  spec["holderIdentity"] = "";
  spec["leaseDurationSeconds"] = 1;
  spec["acquireTime"] = now;
  spec["renewTime"] = now;
  return lease;
}

Duration Election::follower_wait() {
  const auto spread =
      static_cast<uint64_t>(static_cast<double>(options_.retry_period.count()) * kJitter);
  return options_.retry_period + Duration(static_cast<Duration::rep>(random_.below(spread + 1)));
}

}  // namespace dualtrace::kube
