// SPDX-License-Identifier: Apache-2.0
#include "common/error/error.h"

namespace dualtrace {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return "invalid";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kDenied:
      return "denied";
    case ErrorKind::kExpired:
      return "expired";
    case ErrorKind::kThrottled:
      return "throttled";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kExhausted:
      return "exhausted";
    case ErrorKind::kCorrupt:
      return "corrupt";
    case ErrorKind::kCancelled:
      return "cancelled";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "unknown";
}

Error Error::with_prefix(std::string_view prefix) const {
  Error result = *this;
  result.message.insert(0, prefix);
  return result;
}

}  // namespace dualtrace
