// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/peers.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {
namespace {

// Finding a connection to displace requires a scan of all connections of a peer, so several are
// displaced at a time.
constexpr size_t kDisplacedAtOnce = 16;
// A peer loses connections to its own later ones no faster than this.
constexpr Duration kOwnIdleLeast = std::chrono::seconds(1);
constexpr Duration kRefusedFor = std::chrono::milliseconds(50);

}  // namespace

Place::~Place() {
  const Lock lock(peers_->mutex_);
  peers_->remove(*this);
}

Peers::Entry Peers::enter(const PeerAddress& address, Tick now) {
  Entry entry;
  const Lock lock(mutex_);
  if (peers_.size() >= sweep_at_) sweep();
  if (places_ >= places_max_) {
    Peer& peer = find_or_add(address);
    if (now < peer.refused_until) return entry;
    const Peer& giver = who_gives(address);
    std::vector<Place*> spare = spare_places(giver, &giver == &peer, now);
    const size_t count = std::min({spare.size(), kDisplacedAtOnce, giver.places.size() / 8 + 1});
    if (count == 0) {
      peer.refused_until = now + kRefusedFor;
      forget_if_gone(address);
      return entry;
    }
    std::partial_sort(spare.begin(), spare.begin() + static_cast<ptrdiff_t>(count), spare.end(),
                      [](const auto& a, const auto& b) { return a->since() < b->since(); });
    spare.resize(count);
    for (Place* const place : spare) {
      if (auto alive = place->weak_from_this().lock()) entry.displaced.push_back(std::move(alive));
      remove(*place);
    }
  }
  Peer& peer = find_or_add(address);
  entry.place = std::make_shared<Place>(shared_from_this(), peer.share, now);
  Place& place = *entry.place;
  place.address_ = address;
  place.where_ = peer.places.insert(peer.places.end(), &place);
  place.counted_ = true;
  ++places_;
  if (!address.is_ipv4()) ++groups_.at(address.network()).places;
  return entry;
}

Peers::Peer& Peers::find_or_add(const PeerAddress& address) {
  const auto [found, added] = peers_.try_emplace(address);
  if (!added) return found->second;
  std::shared_ptr<PeerShare> group_share;
  if (!address.is_ipv4()) {
    Group& group = groups_[address.network()];
    ++group.members;
    group_share = group.share;
  }
  found->second.share = std::make_shared<PeerShare>(std::move(group_share));
  return found->second;
}

// How much of the table belongs to the same network.
size_t Peers::weight(const PeerAddress& address, const Peer& peer) const {
  return address.is_ipv4() ? peer.places.size() : groups_.at(address.network()).places;
}

// The peer with most connections, or the newcomer itself if it is one of those with most.
const Peers::Peer& Peers::who_gives(const PeerAddress& newcomer) const {
  const auto rank = [this](const auto& entry) DT_REQUIRES(mutex_) {
    return std::pair(weight(entry.first, entry.second), entry.second.places.size());
  };
  const auto own = peers_.find(newcomer);
  const auto most = std::max_element(peers_.begin(), peers_.end(),
                                     [&](const auto& a, const auto& b)
                                         DT_REQUIRES(mutex_) { return rank(a) < rank(b); });
  const auto [most_weight, most_places] = rank(*most);
  const auto [own_weight, own_places] = rank(*own);
  const bool greedier = most_weight > own_weight + 1 || most_places > own_places + 1;
  return greedier ? most->second : own->second;
}

// Connections that wait for their client, or else those whose request does not complete. Never one
// whose request is being stored: its answer would be lost.
std::vector<Place*> Peers::spare_places(const Peer& peer, bool own, Tick now) const {
  std::vector<Place*> idle;
  std::vector<Place*> reading;
  for (Place* const place : peer.places) {
    const Activity activity = place->activity();
    if (activity == Activity::kIdle && (!own || now - place->since() >= kOwnIdleLeast)) {
      idle.push_back(place);
    } else if (activity == Activity::kReading && !own) {
      reading.push_back(place);
    }
  }
  return idle.empty() ? reading : idle;
}

void Peers::remove(Place& place) {
  if (!std::exchange(place.counted_, false)) return;
  --places_;
  const PeerAddress address = place.address_;
  peers_.at(address).places.erase(place.where_);
  if (!address.is_ipv4()) --groups_.at(address.network()).places;
  forget_if_gone(address);
}

// Bytes in flight to the disk keep a peer known: a client that disconnects does not get a new
// share.
void Peers::forget_if_gone(const PeerAddress& address) {
  const auto found = peers_.find(address);
  if (!found->second.places.empty() || found->second.share->bytes() != 0) return;
  peers_.erase(found);
  if (address.is_ipv4()) return;
  const auto group = groups_.find(address.network());
  if (--group->second.members == 0) groups_.erase(group);
}

void Peers::sweep() {
  std::vector<PeerAddress> addresses;
  for (const auto& [address, peer] : peers_) addresses.push_back(address);
  for (const PeerAddress& address : addresses) forget_if_gone(address);
  sweep_at_ = 1024 + 2 * peers_.size();
}

size_t Peers::places() const {
  const Lock lock(mutex_);
  return places_;
}

size_t Peers::known() const {
  const Lock lock(mutex_);
  return peers_.size();
}

}  // namespace dualtrace::agent
