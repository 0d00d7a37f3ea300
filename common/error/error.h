// SPDX-License-Identifier: Apache-2.0
#pragma once
// What went wrong, classified by what the caller may do about it. Every fallible function of ours
// returns one of these in a Result (common/error/result.h); our code throws nothing.
// Immutable.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dualtrace {

enum class ErrorKind {
  kInvalid,      // the input is wrong; the same input will always be refused
  kNotFound,     // the requested item does not exist
  kConflict,     // another party holds or has changed it
  kDenied,       // our credentials are refused or insufficient; a retry needs a new grant
  kExpired,      // the requested version is no longer kept; start again
  kThrottled,    // too many requests; retry after retry_after
  kUnavailable,  // cannot be done now; retry after retry_after
  kExhausted,    // larger than a limit allows; the same input will always be refused
  kCorrupt,      // stored data is damaged
  kCancelled,    // we gave up ourselves: shutdown or deadline
  kInternal,     // a fault of ours or of the system
};

[[nodiscard]] std::string_view to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
  std::optional<std::chrono::nanoseconds> retry_after{};

  // The same error with context before the message: "journal: open segment 17: " + message.
  [[nodiscard]] Error with_prefix(std::string_view prefix) const;

  bool operator==(const Error&) const = default;
};

}  // namespace dualtrace
