// SPDX-License-Identifier: Apache-2.0
#pragma once
// Keyring: what an exporter sends its requests with. It hands out immutable keys and is told what
// became of each; which one is next, when a token is refreshed and how a changed Secret is
// proved is its own business (Keeper). Nothing here waits: there is a key or there is none.
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
  std::optional<Url> origin{};        // where to send to, if that came with the token
};
using KeyPointer = std::shared_ptr<const Key>;

struct KeyVerdict {
  enum class Kind {
    kTaken,    // the destination took data with it
    kRefused,  // it refused who we are, or what we may do
    kUnsaid    // anything else
  };
  Kind kind = Kind::kUnsaid;
  std::string reason{};   // kRefused: a PauseReason
  std::string message{};  // the destination's words, clean
};

class Keyring {
 public:
  virtual ~Keyring() = default;
  // For one request; its answer is reported to answered(). Without a key the error's kind says why:
  // kNotFound, the files are missing or of no use; kDenied, the token endpoint refuses the
  // credential; kInvalid, something else has to be put right; kUnavailable, there is none yet.
  virtual Result<KeyPointer> take() = 0;
  // What became of a request with that key. Returns the key to send the same request with again,
  // as the refusal was this key's alone; nullptr when the verdict stands.
  virtual KeyPointer answered(const KeyPointer& key, const KeyVerdict& verdict) = 0;
};

}  // namespace dualtrace::agent
