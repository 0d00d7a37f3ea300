// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/keeper.h"

#include <algorithm>
#include <utility>

#include "common/log/log.h"
#include "common/report/words.h"

namespace dualtrace::agent {
namespace {

// A token this close to its expiry may already be refused: some backends refuse it half a minute
// early, and clocks differ.
constexpr Duration kNearExpiry = std::chrono::minutes(2);
constexpr Duration kLeadMax = std::chrono::minutes(5);
// A server that issues tokens for a second is not asked every second.
constexpr Duration kRefreshMin = std::chrono::seconds(5);

// Whether the secret itself is sent to get a key; otherwise it is the key.
bool is_exchanged(report::CredentialKind kind) {
  switch (kind) {
    case report::CredentialKind::kAPIKey:
    case report::CredentialKind::kToken:
      return false;
    case report::CredentialKind::kOAuth:
    case report::CredentialKind::kWorkloadIdentity:
      return true;
  }
  return false;
}

// Adds up to a quarter, so that requests that were deferred together do not return together.
Duration spread(Duration delay, Random& random) {
  return delay + Duration(static_cast<Duration::rep>(
                     random.below(static_cast<uint64_t>(delay.count() / 4 + 1))));
}

}  // namespace

Keeper::Keeper(const KeeperOptions& options, Parts parts)
    : options_(options),
      secret_files_(std::move(parts.files)),
      maker_(parts.maker),
      scheduler_(parts.scheduler),
      opened_(std::move(parts.opened)),
      random_(parts.random) {
  Lock lock(mutex_);
  if (parts.legacy) inherit(*std::move(parts.legacy));
}

void Keeper::inherit(CredentialLegacy legacy) {
  const KeyPurpose& purpose = options_.purpose;
  if (legacy.purpose.kind != purpose.kind || legacy.purpose.origin != purpose.origin) return;
  if (legacy.rotation.in_use && legacy.purpose.scope != purpose.scope) {
    legacy.rotation.in_use->key = nullptr;
    legacy.rotation.in_use->ends.reset();
  }
  rotation_.inherit(std::move(legacy.rotation));
}

CredentialLegacy Keeper::legacy() const {
  Lock lock(mutex_);
  return {options_.purpose, rotation_.legacy()};
}

// The state of the files is known when this returns. Everything else happens on the scheduler,
// because the first answer of the key maker may arrive there at any time.
void Keeper::start() {
  bool inherited = false;
  {
    Lock lock(mutex_);
    inherited = rotation_.in_use().has_value();
  }
  scheduler_.post([this, inherited, wanted = read_files()] {
    if (inherited) resume();
    act_on(wanted);
    scheduler_.run_after(options_.look_interval, [this] { look_again(); });
  });
}

void Keeper::resume() {
  uint64_t id = 0;
  std::optional<Duration> next;
  {
    Lock lock(mutex_);
    const auto& in_use = rotation_.in_use();
    id = in_use->id;
    if (in_use->key == nullptr || in_use->error) {
      next = Duration(0);
    } else if (in_use->ends) {
      const Duration left = *in_use->ends - scheduler_.clock().tick();
      next = refresh_after(std::max(left, Duration(0)), random_);
    }
  }
  if (next) plan(id, *next);
}

Duration Keeper::refresh_after(Duration lifetime, Random& random) {
  // A wide window spreads the second request of a fleet that started together over half a lifetime,
  // and the third over more. Starting the window at 2/5 keeps the load of every minute below about
  // 1.3 times the mean.
  const Duration latest = lifetime - std::min(kLeadMax, lifetime / 4);
  const Duration earliest = std::min(lifetime * 2 / 5, latest);
  const auto width = static_cast<uint64_t>((latest - earliest).count()) + 1;
  return earliest + Duration(static_cast<Duration::rep>(random.below(width)));
}

void Keeper::look_again() {
  look();
  scheduler_.run_after(options_.look_interval, [this] { look_again(); });
}

Keeper::Wanted Keeper::read_files() {
  SecretLook seen = secret_files_.look();
  Lock lock(mutex_);
  Wanted wanted{.put_right = found_ != seen.found};
  found_ = std::move(seen.found);
  wanted.key = rotation_.found(seen.secret, scheduler_.clock().wall());
  return wanted;
}

void Keeper::act_on(const Wanted& wanted) {
  if (wanted.key != 0) return make(wanted.key);
  // A lane that is paused because of a missing file need not wait for its next probe.
  if (wanted.put_right) opened_();
}

void Keeper::make(uint64_t id) {
  Plan& plan = plans_[id];
  if (plan.making) {
    plan.again = true;
    return;
  }
  std::vector<std::string> values;
  {
    Lock lock(mutex_);
    const Version* version = rotation_.version(id);
    if (version == nullptr) {
      plans_.erase(id);
      return;
    }
    values = version->secret->values;
    if (is_exchanged(options_.purpose.kind)) rotation_.used(id, scheduler_.clock().wall());
  }
  plan.making = true;
  plan.number = ++plans_made_;  // cancels any planned call
  maker_.make(values, [this, id, asked = scheduler_.clock().tick(),
                       &scheduler = scheduler_](Result<MadeKey> made) {
    scheduler.post([this, id, asked, made = std::move(made)]() mutable {
      on_made(id, asked, std::move(made));
    });
  });
}

void Keeper::on_made(uint64_t id, Tick asked, Result<MadeKey> made) {
  const bool again = std::exchange(plans_[id].again, false);
  plans_[id].making = false;
  std::optional<Duration> next;
  bool opens = false;
  bool first_failure = false;
  bool of_candidate = false;
  {
    Lock lock(mutex_);
    const Tick now = scheduler_.clock().tick();
    // A call may send the secret several times, and may end after the version was replaced.
    if (is_exchanged(options_.purpose.kind)) rotation_.used(id, scheduler_.clock().wall());
    Version* version = rotation_.version(id);
    if (version == nullptr) {
      plans_.erase(id);
      return;
    }
    if (made) {
      opens = !rotation_.passes(now);
      const auto lifetime = made->lifetime;
      Rotation::made(*version, std::move(made->key),
                     lifetime ? std::optional(asked + *lifetime) : std::nullopt);
      if (lifetime) {
        next = std::max(refresh_after(*lifetime, random_) - (now - asked), kRefreshMin);
      }
    } else {
      rotation_.failed(*version, made.error(), scheduler_.clock().wall());
      next = delay_after(*version, made.error());
      first_failure = version->failures == 1;
      of_candidate = rotation_.in_use()->id != id;
    }
  }
  if (first_failure) {
    log_warn(
        "cannot get a token; the request is retried, and the token in use stays valid until it "
        "expires",
        {{"error", made.error().message}});
  }
  // If the files changed while the request was in flight and it failed, its error says nothing
  // about the new values: try those immediately instead of after the back-off.
  if (again && !made) {
    make(id);
  } else if (next) {
    plan(id, *next);
  }
  if (!made && !of_candidate) hasten_candidate();
  // Requests also pause or wait until the first key exists.
  if (opens) opened_();
}

Duration Keeper::delay_after(const Version& version, const Error& error) {
  const bool denied = error.kind == ErrorKind::kDenied || error.kind == ErrorKind::kInvalid;
  const bool calm = rotation_.passes(scheduler_.clock().tick());
  const Backoff& backoff = denied ? options_.refused : calm ? options_.calm : options_.urgent;
  Duration delay = backoff.delay(version.failures, random_);
  // Retry no later than the expiry of the key in use: from then on requests wait.
  if (calm && version.ends) {
    const Duration left = *version.ends - scheduler_.clock().tick();
    delay = std::min(delay, std::max(left, options_.urgent.base));
  }
  return error.retry_after ? std::max(delay, spread(*error.retry_after, random_)) : delay;
}

void Keeper::plan(uint64_t id, Duration delay) {
  const uint64_t number = ++plans_made_;
  plans_[id].number = number;
  plans_[id].due = scheduler_.clock().tick() + delay;
  scheduler_.run_after(delay, [this, id, number] {
    const auto planned = plans_.find(id);
    if (planned != plans_.end() && planned->second.number == number) make(id);
  });
}

void Keeper::hasten_candidate() {
  const Tick now = scheduler_.clock().tick();
  uint64_t id = 0;
  Duration delay{};
  {
    Lock lock(mutex_);
    const auto& candidate = rotation_.candidate();
    if (!candidate || candidate->usable(now) || rotation_.passes(now)) return;
    if (candidate->error && candidate->error->retry_after) return;  // its server asked for patience
    id = candidate->id;
    delay = options_.refused.delay(1, random_);
  }
  const Plan& planned = plans_[id];
  if (!planned.making && now + delay < planned.due) plan(id, delay);
}

Result<KeyPointer> Keeper::take() {
  const Tick now = scheduler_.clock().tick();
  const WallTime wall = scheduler_.clock().wall();
  Lock lock(mutex_);
  auto key = rotation_.take(now, wall);
  if (key || rotation_.in_use()) return key;
  for (const report::Credential& file : found_) {
    if (!file.why.empty()) return fail(ErrorKind::kNotFound, file.why);
  }
  return key;
}

KeyPointer Keeper::answered(const KeyPointer& key, const KeyVerdict& verdict) {
  const Tick now = scheduler_.clock().tick();
  const WallTime wall = scheduler_.clock().wall();
  bool fetch_anew = false;
  uint64_t refused = 0;
  Rotation::Answered answered;
  {
    Lock lock(mutex_);
    answered = rotation_.answered(key, verdict, now, wall);
    if (answered.refused != nullptr) {
      refused = answered.refused->id;
      const auto& ends = answered.refused->ends;
      const bool of_token = verdict.reason == to_string(report::PauseReason::kAuthRejected);
      fetch_anew = answered.newly && ends && (of_token || *ends - now < kNearExpiry);
    }
  }
  if (answered.rejected) {
    log_warn("the changed credential is refused; the previous one stays in use",
             {{"reason", verdict.reason}, {"error", verdict.message}});
  }
  if (answered.took_over) {
    log_info("the changed credential was accepted and is now in use", {});
    if (answered.opens) scheduler_.post([this] { opened_(); });
  }
  if (refused != 0) scheduler_.post([=, this] { on_refused(refused, fetch_anew); });
  return std::move(answered.again);
}

void Keeper::on_refused(uint64_t id, bool fetch_anew) {
  look();
  std::optional<std::pair<uint64_t, Duration>> next;
  bool opens = false;
  {
    Lock lock(mutex_);
    const Version* version = rotation_.version(id);
    if (version == nullptr) return;
    const auto& candidate = rotation_.candidate();
    const bool is_candidate = candidate && candidate->id == id;
    const Tick now = scheduler_.clock().tick();
    if (is_candidate) {
      // If the credential in use does not pass either, try both in turn.
      const uint32_t times = rotation_.passes(now) ? version->refusals : 1;
      next = {id, options_.refused.delay(times, random_)};
    } else if (fetch_anew) {
      // Retry immediately the first time: the token may be outdated although its credential is
      // valid.
      const bool first = version->refusals <= 1;
      next = {id, first ? Duration(0) : options_.refused.delay(version->refusals - 1, random_)};
    }
    opens = !is_candidate && candidate && candidate->usable(now);
  }
  if (next && !plans_[next->first].making) plan(next->first, next->second);
  hasten_candidate();
  // Only the candidate is left to try.
  if (opens) opened_();
}

report::CredentialInUse Keeper::in_use() const {
  Lock lock(mutex_);
  return rotation_.report(options_.purpose.kind);
}

std::vector<report::Credential> Keeper::files() const {
  Lock lock(mutex_);
  std::vector<report::Credential> files = found_;
  if (!rotation_.in_use()) return files;
  const std::vector<std::string>& fingerprints = rotation_.in_use()->secret->fingerprints;
  for (size_t i = 0; i < std::min(files.size(), fingerprints.size()); ++i) {
    files[i].fingerprint = fingerprints[i];
  }
  return files;
}

}  // namespace dualtrace::agent
