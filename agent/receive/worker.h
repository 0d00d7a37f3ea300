// SPDX-License-Identifier: Apache-2.0
#pragma once
// Worker: one thread of the receiver with the connections that run on it. Includes Asio, so only
// worker.cc, connection.cc and receiver.cc include this.
// Used from one thread, its own, except add(), drain(), stop() and load(), which are thread-safe.
// What its SessionContext refers to outlives its thread; answers that arrive later are dropped.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/receive/peers.h"
#include "agent/receive/session.h"
#include "agent/receive/socket.h"
#include "agent/receive/transport.h"
#include "common/sync/mutex.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class Connection;

// How many connections of all workers may still have to answer something. Thread-safe.
class ActiveConnections {
 public:
  void add();
  void remove();
  void wait_until_none(const Clock& clock, Tick deadline);

 private:
  Mutex mutex_;
  CondVar none_;
  size_t count_ DT_GUARDED_BY(mutex_) = 0;
};

class Worker final : public std::enable_shared_from_this<Worker> {
 public:
  // It runs when this returns.
  static std::shared_ptr<Worker> start(std::string name, const SessionContext& context,
                                       const Clock& clock, ActiveConnections& active);
  Worker(const SessionContext& context, const Clock& clock, ActiveConnections& active);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void add(Socket socket, std::unique_ptr<Transport> transport, std::shared_ptr<Place> place);
  void drain();
  // Closes all connections and joins the thread.
  void stop();
  [[nodiscard]] size_t load() const { return load_.load(std::memory_order_relaxed); }

  [[nodiscard]] boost::asio::io_context& io() { return io_; }
  [[nodiscard]] const SessionContext& context() const { return context_; }
  [[nodiscard]] Tick now() const { return clock_.tick(); }
  // Shared by all its connections; holds nothing between two calls.
  [[nodiscard]] std::span<char> read_buffer() { return read_buffer_; }
  // The connection has nothing left to answer.
  void settled() { active_.remove(); }
  void closed(const std::shared_ptr<Connection>& connection);
  // Data arrived for the connection: it is read when its peer's turn comes, so that many busy
  // connections of one peer do not delay the only one of another.
  void queue(std::shared_ptr<Connection> connection);

 private:
  struct PeerQueue {
    std::deque<std::shared_ptr<Connection>> waiting;
    size_t connections = 0;  // of the peer on this thread
  };

  void begin(Socket socket, std::unique_ptr<Transport> transport, std::shared_ptr<Place> place,
             const std::shared_ptr<std::weak_ptr<Connection>>& link);
  void take_turns();
  void post_turns();
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> connections() const;

  const SessionContext context_;
  const Clock& clock_;
  ActiveConnections& active_;
  std::atomic<size_t> load_{0};
  // Used from the worker's thread only.
  boost::asio::io_context io_{1};
  std::vector<char> read_buffer_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::unordered_map<const PeerShare*, PeerQueue> queues_;
  std::deque<const PeerShare*> turns_;  // of the peers whose queue is not empty
  bool turns_posted_ = false;
  bool draining_ = false;

  std::thread thread_;
};

}  // namespace dualtrace::agent
