// SPDX-License-Identifier: Apache-2.0
#pragma once
// Connection: carries bytes between one socket and its session, enforces the session's deadlines,
// and passes complete requests to the intake. Includes Asio, like worker.h.
//
// Flow: sniffing (no session yet) → open → lingering (everything is answered; what the client still
//   sends is dropped for a moment, since closing immediately would destroy answers in transit) →
//   closed.
// Used from one thread, its worker's; the intake's answers are posted to it, and dropped if it is
// gone.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "agent/receive/peers.h"
#include "agent/receive/session.h"
#include "agent/receive/socket.h"
#include "agent/receive/transport.h"

namespace dualtrace::agent {

class Worker;

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Worker& worker, Socket socket, std::unique_ptr<Transport> transport,
             std::shared_ptr<Place> place);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  void drain();
  // Another connection got its place.
  void displace();
  // Reads what arrived, when the worker decides that it is this peer's turn.
  void take_turn();
  [[nodiscard]] const PeerShare* peer() const { return place_->share().get(); }
  // Closes immediately. No effect if it is closed.
  void close();

 private:
  enum class Phase { kOpen, kLingering, kClosed };

  void read();
  void read_until_blocked();
  void queue();
  void received(std::string_view bytes);
  void input_ended();
  void pump();
  void move_output();
  bool write_output();
  void submit(ReadyRequest ready);
  void answered(uint64_t request_id, const Status& status);
  void linger();
  void wait_readable();
  void wait_writable();
  void arm_timer();
  void timer_fired();
  [[nodiscard]] bool wants_input() const;
  [[nodiscard]] Tick deadline() const;

  Worker& worker_;
  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer timer_;
  const std::unique_ptr<Transport> transport_;
  const std::shared_ptr<Place> place_;
  std::unique_ptr<Session> session_;  // none while sniffing
  std::string first_bytes_;
  std::string output_;
  size_t output_sent_ = 0;
  uint64_t lingered_bytes_ = 0;
  Phase phase_ = Phase::kOpen;
  Tick phase_deadline_;                // of sniffing, or of lingering
  Tick write_deadline_ = Tick::max();  // for the output that the client does not read
  Tick timer_armed_until_ = Tick::max();
  bool reading_ = false;
  bool queued_ = false;  // with the worker
  bool awaiting_readable_ = false;
  bool awaiting_writable_ = false;
  bool pump_posted_ = false;
  bool input_ended_ = false;
  bool settled_ = false;
};

}  // namespace dualtrace::agent
