// SPDX-License-Identifier: Apache-2.0
#pragma once
// Peers: who is connected, by address, so that one pod cannot take the slots of the others. When
// all slots are taken, a new connection replaces the one that has been idle longest, of the peer
// that has the most. A peer is an IPv4 address, or an IPv6 address within its /64; among several,
// the /64 with the most connections loses one first. Thread-safe; enter() is called from one
// thread. A peer is forgotten when it has neither a connection nor bytes in flight, which bounds
// the table.

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "agent/intake/peer_share.h"
#include "agent/receive/peer_address.h"
#include "agent/receive/session.h"
#include "common/sync/mutex.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class Peers;

// The place of one connection, which reports its activity to it. Released when it is destroyed.
class Place final : public std::enable_shared_from_this<Place> {
 public:
  Place(std::shared_ptr<Peers> peers, std::shared_ptr<PeerShare> share, Tick now)
      : peers_(std::move(peers)), share_(std::move(share)) {
    set(Activity::kIdle, now);
  }
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  // Called by the connection after whatever changed it. `since` only changes with the activity, so
  // that a trickle of bytes does not make a connection look new.
  void update(Activity activity, Tick now) {
    if (activity != this->activity()) set(activity, now);
  }
  [[nodiscard]] Activity activity() const { return static_cast<Activity>(state_.load() & 3); }
  [[nodiscard]] Tick since() const { return Tick(Duration(static_cast<int64_t>(state_ >> 2))); }

  [[nodiscard]] const std::shared_ptr<PeerShare>& share() const { return share_; }
  // Ends the connection; called on the thread of enter().
  void bind(std::function<void()> displace) { displace_ = std::move(displace); }
  void displace() const { displace_(); }

 private:
  friend class Peers;
  void set(Activity activity, Tick now) {
    state_ = static_cast<uint64_t>(now.time_since_epoch().count()) << 2 |
             static_cast<uint64_t>(activity);
  }

  const std::shared_ptr<Peers> peers_;
  const std::shared_ptr<PeerShare> share_;
  std::atomic<uint64_t> state_{0};
  std::function<void()> displace_ = [] {};
  // Guarded by the table's mutex.
  PeerAddress address_;
  std::list<Place*>::iterator where_;
  bool counted_ = false;
};

class Peers final : public std::enable_shared_from_this<Peers> {
 public:
  explicit Peers(size_t places_max) : places_max_(places_max) {}
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  struct Entry {
    std::shared_ptr<Place> place;  // none: the peer has its share, and all are taken
    std::vector<std::shared_ptr<Place>> displaced;  // the caller displaces their connections
  };
  Entry enter(const PeerAddress& address, Tick now);
  [[nodiscard]] size_t places() const;
  [[nodiscard]] size_t known() const;  // peers in the table

 private:
  friend class Place;
  struct Group {
    std::shared_ptr<PeerShare> share = std::make_shared<PeerShare>();
    size_t places = 0;
    size_t members = 0;
  };
  struct Peer {
    std::shared_ptr<PeerShare> share;
    std::list<Place*> places;  // one that is being destroyed waits for the lock, then leaves
    Tick refused_until{};      // a search failed; do not search again before this
  };
  template <typename Value>
  using ByAddress = std::unordered_map<PeerAddress, Value, PeerAddressHash>;

  Peer& find_or_add(const PeerAddress& address) DT_REQUIRES(mutex_);
  [[nodiscard]] size_t weight(const PeerAddress& address, const Peer& peer) const
      DT_REQUIRES(mutex_);
  std::vector<Place*> spare_places(const Peer& peer, bool own, Tick now) const DT_REQUIRES(mutex_);
  const Peer& who_gives(const PeerAddress& newcomer) const DT_REQUIRES(mutex_);
  void remove(Place& place) DT_REQUIRES(mutex_);
  void forget_if_gone(const PeerAddress& address) DT_REQUIRES(mutex_);
  void sweep() DT_REQUIRES(mutex_);

  const size_t places_max_;
  mutable Mutex mutex_;
  size_t places_ DT_GUARDED_BY(mutex_) = 0;
  ByAddress<Peer> peers_ DT_GUARDED_BY(mutex_);
  ByAddress<Group> groups_ DT_GUARDED_BY(mutex_);
  size_t sweep_at_ DT_GUARDED_BY(mutex_) = 1024;
};

}  // namespace dualtrace::agent
