// SPDX-License-Identifier: Apache-2.0
#pragma once
// RequestBody: the bytes of one request to a destination, as a list of the records that were merged
// into it. Lanes that send the same records share a body (agent/lane/shared_bodies.h), so that it
// is compressed only once. Thread-safe.

#include <mutex>
#include <utility>

#include "common/bytes/shared_bytes.h"

namespace dualtrace::agent {

class RequestBody {
 public:
  explicit RequestBody(SharedByteChain plain) : plain_(std::move(plain)) {}
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;

  [[nodiscard]] const SharedByteChain& plain() const { return plain_; }
  [[nodiscard]] size_t size() const { return plain_.size(); }
  // The first call compresses. A concurrent call waits for it, which takes no longer than
  // compressing itself.
  [[nodiscard]] const SharedBytes& gzipped() const;

 private:
  const SharedByteChain plain_;
  mutable std::once_flag compressed_;
  mutable SharedBytes gzipped_;  // once compressed_
};

}  // namespace dualtrace::agent
