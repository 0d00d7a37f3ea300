// SPDX-License-Identifier: Apache-2.0
#include "common/net/dial.h"

#include <utility>

namespace dualtrace {
namespace {

constexpr auto kHeadStart = std::chrono::milliseconds(250);

}  // namespace

using boost::asio::ip::tcp;

Dial::Dial(boost::asio::io_context& io, Addresses addresses)
    : io_(io), addresses_(std::move(addresses)), head_start_(io) {}

void Dial::start(Done done) {
  done_ = std::move(done);
  try_next();
}

void Dial::close() {
  done_ = nullptr;
  head_start_.cancel();
  for (tcp::socket& socket : connecting_) {
    boost::system::error_code unimportant;
    socket.close(unimportant);
  }
}

void Dial::try_next() {
  if (next_ == addresses_.size()) return;
  const tcp::endpoint& address = addresses_[next_++];
  const auto socket = connecting_.emplace(connecting_.end(), io_);
  socket->async_connect(
      address, [self = shared_from_this(), socket](const boost::system::error_code& error) {
        self->tried(socket, error);
      });
  if (next_ == addresses_.size()) return;
  head_start_.expires_after(kHeadStart);
  head_start_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self != nullptr && self->done_ != nullptr) self->try_next();
  });
}

void Dial::tried(Sockets::iterator socket, const boost::system::error_code& error) {
  tcp::socket connected = std::move(*socket);
  connecting_.erase(socket);
  if (done_ == nullptr) return;
  if (error && next_ < addresses_.size()) {
    head_start_.cancel();
    return try_next();
  }
  if (error && !connecting_.empty()) return;  // another address may still connect
  const Done done = std::move(done_);
  close();
  if (error) return done(fail(ErrorKind::kUnavailable, error.message()));
  done(std::move(connected));
}

}  // namespace dualtrace
