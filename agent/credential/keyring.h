// SPDX-License-Identifier: Apache-2.0
#pragma once
// Keyring: supplies the credential for an exporter's requests. It hands out immutable keys, and the
// exporter reports the result of each. The implementation (Keeper) decides which key comes next,
// when to refresh a token and how a changed Secret proves itself. Nothing here waits: a key exists
// or it does not.
// Thread-safe.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/error/result.h"
#include "common/net/url.h"

namespace dualtrace::agent {

// Immutable.
struct Key {
  std::vector<std::string> values{};  // the API key and the space id, or the bearer token alone
  std::optional<Url> origin{};        // where to send requests, if it came with the token
};
using KeyPointer = std::shared_ptr<const Key>;

struct KeyVerdict {
  enum class Kind {
    kTaken,    // the destination accepted data with it
    kRefused,  // it refused our identity or our permissions
    kUnsaid    // anything else
  };
  Kind kind = Kind::kUnsaid;
  std::string reason{};   // kRefused: a PauseReason
  std::string message{};  // the destination's message, sanitized
};

class Keyring {
 public:
  virtual ~Keyring() = default;
  // Returns a key for one request, whose result is reported to answered(). Without a key, the kind
  // of the error gives the reason: kNotFound, the files are missing or unusable; kDenied, the token
  // endpoint refuses the credential; kInvalid, something else must be fixed; kUnavailable, there is
  // none yet.
  virtual Result<KeyPointer> take() = 0;
  // Reports the result of a request with that key. If only this key was refused, returns the key
  // with which to resend the request; nullptr if the verdict stands.
  virtual KeyPointer answered(const KeyPointer& key, const KeyVerdict& verdict) = 0;
};

}  // namespace dualtrace::agent
