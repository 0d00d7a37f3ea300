// SPDX-License-Identifier: Apache-2.0
#pragma once
// What went wrong, said in terms of what the caller may do about it. Every fallible function of
// ours returns one of these inside a Result (common/error/result.h); nothing of ours throws.
// Immutable.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dualtrace {

enum class ErrorKind {
  kInvalid,      // the input is wrong; the same input will always be refused
  kNotFound,     // the thing asked for is not there
  kConflict,     // somebody else holds or changed it
  kDenied,       // our credentials are refused, or do not suffice; trying again needs a new grant
  kExpired,      // what was asked for is history and no longer kept; begin anew
  kThrottled,    // too many requests; come back after retry_after
  kUnavailable,  // cannot be done now; come back after retry_after
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

  // The same error with context put before the message: "journal: open segment 17: " + message.
  [[nodiscard]] Error with_prefix(std::string_view prefix) const;

  bool operator==(const Error&) const = default;
};

}  // namespace dualtrace
