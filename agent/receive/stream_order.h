// SPDX-License-Identifier: Apache-2.0
#pragma once
// StreamOrder: which streams of an HTTP/2 connection may still begin. nghttp2 ignores headers on an
// unknown stream below the highest one, since it cannot remember which ones were open before.
// Streams that the client has skipped were never open (RFC 9113, 5.1.1). Used from one thread.

#include <cstdint>

namespace dualtrace::agent {

class StreamOrder {
 public:
  // False: the client returns to a stream that it has skipped.
  bool allow_headers(int32_t id) {
    if (id <= last_id_) return id < skipped_from_ || id >= skipped_to_;
    if (id > last_id_ + 2) {
      skipped_from_ = last_id_ + 2;
      skipped_to_ = id;
    }
    last_id_ = id;
    return true;
  }

 private:
  int32_t last_id_ = -1;      // of the streams that the client has begun
  int32_t skipped_from_ = 0;  // the last ids that it has not, up to the next but two
  int32_t skipped_to_ = 0;
};

}  // namespace dualtrace::agent
