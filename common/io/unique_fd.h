// SPDX-License-Identifier: Apache-2.0
#pragma once
// UniqueFd: an open file descriptor, closed on destruction. A negative value means none.
// Move-only; used from one thread at a time.

#include <unistd.h>

#include <utility>

namespace dualtrace {

class UniqueFd {
 public:
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace dualtrace
