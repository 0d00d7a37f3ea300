// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/transport.h"

#include <sys/socket.h>

#include <cerrno>

namespace dualtrace::agent {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int descriptor) : descriptor_(descriptor) {}

  Progress read(std::span<char> buffer) override {
    const ssize_t size = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (size > 0) {
      const auto bytes = static_cast<size_t>(size);
      return {Progress::Kind::kBytes, bytes, bytes == buffer.size()};
    }
    if (size == 0) return {Progress::Kind::kEnd};
    return {would_block() ? Progress::Kind::kWantRead : Progress::Kind::kBroken};
  }
  Progress write(std::string_view bytes) override {
    const ssize_t size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size >= 0) return {Progress::Kind::kBytes, static_cast<size_t>(size)};
    return {would_block() ? Progress::Kind::kWantWrite : Progress::Kind::kBroken};
  }
  void end_output() override { ::shutdown(descriptor_, SHUT_WR); }

 private:
  static bool would_block() { return errno == EAGAIN || errno == EINTR; }

  const int descriptor_;
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(int descriptor) {
  return std::make_unique<PlainTransport>(descriptor);
}

}  // namespace dualtrace::agent
