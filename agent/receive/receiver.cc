// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/receiver.h"

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/receive/peers.h"
#include "agent/receive/receiver_metrics.h"
#include "agent/receive/tls_transport.h"
#include "agent/receive/worker.h"
#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

using ErrorCode = boost::system::error_code;

constexpr auto kPauseWhenOutOfDescriptors = std::chrono::milliseconds(100);
constexpr int kAcceptsPerTurn = 64;

// Shared by all listeners; used on the first worker's thread once it runs.
struct Gate {
  SessionContext context;
  const Clock& clock;
  std::unique_ptr<TlsAcceptor> tls{};  // none: plain
  std::vector<std::shared_ptr<Worker>> workers{};
  // The one place that enforces receiver.limits.connections.
  std::shared_ptr<Peers> peers = std::make_shared<Peers>(context.limits.connections);
  LogLimiter log_limiter{std::chrono::minutes(1)};

  void admit(Accepted accepted);
};

// Passes the connection to the worker with the fewest connections. If there are too many, the new
// one displaces another, or is closed.
void Gate::admit(Accepted accepted) {
  Peers::Entry entry = peers->enter(accepted.peer, clock.tick());
  for (const std::shared_ptr<Place>& place : entry.displaced) place->displace();
  if (!entry.place) {
    context.metrics.connection_refused();
    return;
  }
  Socket& socket = accepted.socket;
  std::unique_ptr<Transport> transport =
      tls ? tls->accept(socket.descriptor()) : make_plain_transport(socket.descriptor());
  const auto fewest =
      std::min_element(workers.begin(), workers.end(),
                       [](const auto& a, const auto& b) { return a->load() < b->load(); });
  (*fewest)->add(std::move(socket), std::move(transport), std::move(entry.place));
}

// One listening socket. Everything but port() happens on the first worker's thread.
class Listener final : public std::enable_shared_from_this<Listener> {
 public:
  Listener(Gate& gate, Socket socket)
      : gate_(gate),
        socket_(std::move(socket)),
        readable_(gate.workers.front()->io(), socket_.descriptor()),
        timer_(gate.workers.front()->io()) {}
  ~Listener() { static_cast<void>(readable_.release()); }  // socket_ closes it
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] uint16_t port() const { return socket_.local_port(); }
  void wait();
  void close();

 private:
  void accept();
  void pause(const Error& error);

  Gate& gate_;
  Socket socket_;
  boost::asio::posix::stream_descriptor readable_;
  boost::asio::steady_timer timer_;
  bool closed_ = false;
};

void Listener::wait() {
  if (closed_) return;
  readable_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const ErrorCode& error) {
                         if (!error && !self->closed_) self->accept();
                       });
}

void Listener::accept() {
  for (int turn = 0; turn < kAcceptsPerTurn; ++turn) {
    Result<Accepted> next = accept_from(socket_);
    if (!next && next.error().kind == ErrorKind::kUnavailable) return pause(next.error());
    if (!next) break;
    gate_.admit(std::move(next).value());
  }
  wait();
}

// The connection stays in the backlog: an immediate retry would only spin.
void Listener::pause(const Error& error) {
  if (const auto suppressed = gate_.log_limiter.allow(gate_.clock.tick())) {
    log_warn("the receiver cannot accept connections for now",
             {{"error", error.message}, {"suppressed", *suppressed}});
  }
  timer_.expires_after(kPauseWhenOutOfDescriptors);
  timer_.async_wait([self = shared_from_this()](const ErrorCode& wait_error) {
    if (!wait_error) self->wait();
  });
}

void Listener::close() {
  if (closed_) return;
  closed_ = true;
  timer_.cancel();
  static_cast<void>(readable_.release());
  socket_ = Socket();
}

class ThreadedReceiver final : public Receiver {
 public:
  ThreadedReceiver(const ReceiverConfig& config, Intake& intake, MetricRegistry& registry)
      : limits_(config.limits),
        metrics_(registry),
        gate_{.context = {intake, limits_, metrics_, clock_}, .clock = clock_} {}
  ~ThreadedReceiver() override;
  ThreadedReceiver(const ThreadedReceiver&) = delete;
  ThreadedReceiver& operator=(const ThreadedReceiver&) = delete;

  Status open(const ReceiverConfig& config);

  [[nodiscard]] std::vector<uint16_t> ports() const override { return ports_; }
  void drain(Duration timeout) override;

 private:
  void close_listeners();

  const SystemClock clock_;
  const ReceiverLimits limits_;
  ReceiverMetrics metrics_;
  ActiveConnections active_;
  Gate gate_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::vector<uint16_t> ports_;
};

Status ThreadedReceiver::open(const ReceiverConfig& config) {
  if (config.tls) {
    Result<std::unique_ptr<TlsAcceptor>> tls = TlsAcceptor::open(*config.tls);
    if (!tls) return fail(std::move(tls).error());
    gate_.tls = std::move(tls).value();
  }
  std::vector<Socket> sockets;
  for (const HostPort& address : config.listen) {
    Result<Socket> socket = listen_on(address);
    if (!socket) return fail(socket.error().with_prefix("receiver: "));
    sockets.push_back(std::move(socket).value());
  }
  for (uint32_t i = 0; i < std::max(config.threads, 1U); ++i) {
    gate_.workers.push_back(
        Worker::start("receive-" + std::to_string(i), gate_.context, clock_, active_));
  }
  for (Socket& socket : sockets) {
    auto listener = std::make_shared<Listener>(gate_, std::move(socket));
    ports_.push_back(listener->port());
    listeners_.push_back(listener);
    boost::asio::post(gate_.workers.front()->io(), [listener] { listener->wait(); });
  }
  return {};
}

void ThreadedReceiver::close_listeners() {
  for (const auto& listener : std::exchange(listeners_, {})) {
    boost::asio::post(gate_.workers.front()->io(), [listener] { listener->close(); });
  }
}

void ThreadedReceiver::drain(Duration timeout) {
  close_listeners();
  for (const auto& worker : gate_.workers) worker->drain();
  active_.wait_until_none(clock_, clock_.tick() + timeout);
}

ThreadedReceiver::~ThreadedReceiver() {
  if (!gate_.workers.empty()) close_listeners();
  for (const auto& worker : gate_.workers) worker->stop();
}

}  // namespace

Result<std::unique_ptr<Receiver>> Receiver::start(const ReceiverConfig& config, Intake& intake,
                                                  MetricRegistry& metrics) {
  auto receiver = std::make_unique<ThreadedReceiver>(config, intake, metrics);
  if (Status opened = receiver->open(config); !opened) return fail(opened.error());
  return receiver;
}

}  // namespace dualtrace::agent
