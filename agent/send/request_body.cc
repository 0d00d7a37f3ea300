// SPDX-License-Identifier: Apache-2.0
#include "agent/send/request_body.h"

#include "common/compress/gzip.h"

namespace dualtrace::agent {

const SharedBytes& RequestBody::gzipped() const {
  std::call_once(compressed_, [this] { gzipped_ = gzip(plain_.joined()); });
  return gzipped_;
}

}  // namespace dualtrace::agent
