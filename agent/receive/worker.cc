// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/worker.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

#include "agent/receive/connection.h"
#include "agent/receive/receiver_metrics.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kReadBufferBytes = 64 * 1024;
constexpr Duration kSlice = std::chrono::milliseconds(1);

// Signals are for the main thread; blocking SIGPIPE also turns a write to a closed TLS connection
// into an error.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

void ActiveConnections::add() {
  const Lock lock(mutex_);
  ++count_;
}

void ActiveConnections::remove() {
  const Lock lock(mutex_);
  if (--count_ == 0) none_.notify_one();
}

void ActiveConnections::wait_until_none(const Clock& clock, Tick deadline) {
  const Lock lock(mutex_);
  while (count_ != 0 && clock.tick() < deadline) none_.wait_until(mutex_, deadline);
}

std::shared_ptr<Worker> Worker::start(std::string name, const SessionContext& context,
                                      const Clock& clock, ActiveConnections& active) {
  auto worker = std::make_shared<Worker>(context, clock, active);
  worker->thread_ = std::thread([name = std::move(name), raw = worker.get()] {
    block_signals();
    pthread_setname_np(pthread_self(), name.c_str());
    const auto work = boost::asio::make_work_guard(raw->io_);
    raw->io_.run();
  });
  return worker;
}

Worker::Worker(const SessionContext& context, const Clock& clock, ActiveConnections& active)
    : context_(context), clock_(clock), active_(active), read_buffer_(kReadBufferBytes) {}

void Worker::add(Socket socket, std::unique_ptr<Transport> transport,
                 std::shared_ptr<Place> place) {
  ++load_;
  ++context_.metrics.connections();
  active_.add();
  const auto link = std::make_shared<std::weak_ptr<Connection>>();
  place->bind([home = weak_from_this(), link] {
    const std::shared_ptr<Worker> worker = home.lock();
    if (!worker) return;
    boost::asio::post(worker->io(), [link] {
      if (const auto connection = link->lock()) connection->displace();
    });
  });
  boost::asio::post(io_, [this, socket = std::move(socket), transport = std::move(transport),
                          place = std::move(place), link]() mutable {
    begin(std::move(socket), std::move(transport), std::move(place), link);
  });
}

void Worker::begin(Socket socket, std::unique_ptr<Transport> transport,
                   std::shared_ptr<Place> place,
                   const std::shared_ptr<std::weak_ptr<Connection>>& link) {
  auto connection = std::make_shared<Connection>(*this, std::move(socket), std::move(transport),
                                                 std::move(place));
  *link = connection;
  connections_.insert(connection);
  ++queues_[connection->peer()].connections;
  connection->start();
  if (draining_) connection->drain();
}

void Worker::queue(std::shared_ptr<Connection> connection) {
  const PeerShare* const peer = connection->peer();
  PeerQueue& queue = queues_[peer];
  if (queue.waiting.empty()) turns_.push_back(peer);
  queue.waiting.push_back(std::move(connection));
  post_turns();
}

void Worker::post_turns() {
  if (std::exchange(turns_posted_, true)) return;
  boost::asio::post(io_, [this] { take_turns(); });
}

// Handles turns for a limited time; then the sockets are polled again for other connections.
void Worker::take_turns() {
  const Tick until = now() + kSlice;
  do {
    const PeerShare* const peer = turns_.front();
    turns_.pop_front();
    PeerQueue& queue = queues_.at(peer);
    const std::shared_ptr<Connection> connection = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    if (!queue.waiting.empty()) {
      turns_.push_back(peer);
    } else if (queue.connections == 0) {  // all of them have closed meanwhile
      queues_.erase(peer);
    }
    connection->take_turn();
  } while (!turns_.empty() && now() < until);
  turns_posted_ = false;  // only here: what the loop queued has its turn in the loop, or after it
  if (!turns_.empty()) post_turns();
}

void Worker::drain() {
  boost::asio::post(io_, [this] {
    draining_ = true;
    for (const auto& connection : connections()) connection->drain();
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  boost::asio::post(io_, [this] {
    for (const auto& connection : connections()) connection->close();
    io_.stop();
  });
  thread_.join();
}

void Worker::closed(const std::shared_ptr<Connection>& connection) {
  if (connections_.erase(connection) == 0) return;
  const auto queue = queues_.find(connection->peer());
  if (--queue->second.connections == 0 && queue->second.waiting.empty()) queues_.erase(queue);
  --load_;
  --context_.metrics.connections();
}

std::vector<std::shared_ptr<Connection>> Worker::connections() const {
  return {connections_.begin(), connections_.end()};
}

}  // namespace dualtrace::agent
