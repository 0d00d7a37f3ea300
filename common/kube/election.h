// SPDX-License-Identifier: Apache-2.0
#pragma once
// The logic of LeaderElector, one round at a time: get, create or update the lease, and compute for
// how long that makes us the leader. Private to leader_elector.cc and the tests.
//
// Guarantees: those of leader_elector.h. If a round ends after leadership has expired, leadership
//   is lost, even if its last call succeeded.
// Assumptions: nobody deletes the lease while it is held. The API server accepts an update only
//   with the latest resourceVersion.
// Errors: a failed round is retried; while leading, until renew_deadline.
// Election is used from one thread at a time; Leadership is thread-safe.

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "common/kube/leader_elector.h"
#include "common/random/random.h"

namespace dualtrace::kube {

// Until when this process leads, by our own clock; the clock outlives it.
class Leadership {
 public:
  explicit Leadership(Clock& clock) : clock_(clock) {}

  [[nodiscard]] bool leading() const { return clock_.tick() < leads_until_.load(); }
  [[nodiscard]] bool healthy() const { return clock_.tick() < renewed_by_.load(); }

  void hold(Tick leads_until, Tick renewed_by) {
    leads_until_ = leads_until;
    renewed_by_ = renewed_by;
  }
  void lose() { leads_until_ = Tick::min(); }
  void give_up() { hold(Tick::min(), Tick::max()); }

 private:
  Clock& clock_;
  std::atomic<Tick> leads_until_{Tick::min()};
  std::atomic<Tick> renewed_by_{Tick::max()};
};

class Election {
 public:
  enum class Standing { kFollowing, kLeading, kLost };
  struct Round {
    Standing standing = Standing::kFollowing;
    Duration wait{};               // until the next one
    std::optional<Error> error{};  // why it did not get or renew the lease
  };

  // The references outlive it.
  Election(LeaderElector::Options options, Api& api, Clock& clock, uint64_t seed);

  // Blocks for up to three calls. Not after kLost.
  Round round();
  // Blocks for up to three calls. Must be the last call.
  Status release();
  // The holder of the lease when last seen; "" for nobody.
  [[nodiscard]] std::string holder() const;
  [[nodiscard]] const std::shared_ptr<Leadership>& leadership() const { return leadership_; }

 private:
  // When the write that acquired or renewed the lease was started.
  Result<Tick> acquire_or_renew();
  Result<Tick> create();
  Result<Tick> write(const Json& lease);
  void observe(const Json& lease);
  [[nodiscard]] bool is_mine() const { return holder() == options_.identity; }
  [[nodiscard]] bool is_believed() const;
  [[nodiscard]] Json held_by_us(Json lease) const;
  [[nodiscard]] Json held_by_nobody() const;
  [[nodiscard]] Duration follower_wait();

  const LeaderElector::Options options_;
  Api& api_;
  Clock& clock_;
  const std::shared_ptr<Leadership> leadership_;

  Random random_;
  Standing standing_ = Standing::kFollowing;
  Tick leads_until_{};
  Json lease_;       // as last seen; null if never
  Tick observed_{};  // when we first saw its current spec
};

}  // namespace dualtrace::kube
