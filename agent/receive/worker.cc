#include "agent/receive/worker.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <csignal>

#include "agent/receive/connection.h"
#include "agent/receive/receiver_metrics.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kReadBufferBytes = 64 * 1024;

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

void Worker::add(Socket socket, std::unique_ptr<Transport> transport) {
  ++load_;
  ++context_.metrics.connections();
  active_.add();
  boost::asio::post(io_, [this, socket = std::move(socket),
                          transport = std::move(transport)]() mutable {
    auto connection = std::make_shared<Connection>(*this, std::move(socket), std::move(transport));
    connections_.insert(connection);
    connection->start();
    if (draining_) connection->drain();
  });
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
  --load_;
  --context_.metrics.connections();
}

std::vector<std::shared_ptr<Connection>> Worker::connections() const {
  return {connections_.begin(), connections_.end()};
}

}  // namespace dualtrace::agent
