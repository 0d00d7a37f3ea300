// SPDX-License-Identifier: Apache-2.0
#pragma once
// KeyMaker: turns the contents of a Secret into the key that requests carry: the same values, or a
// token requested with them. Used by Keeper.
// Thread-safe.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/credential/keyring.h"
#include "common/error/result.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct MadeKey {
  Key key{};
  std::optional<Duration> lifetime{};  // from the call of make(); none: does not expire
};

class KeyMaker {
 public:
  using Done = std::function<void(Result<MadeKey>)>;

  // Cancels requests in flight; every `done` has been called when the destructor returns.
  virtual ~KeyMaker() = default;
  // `values` are in the order of the credential's files. Does not block. `done` is called exactly
  // once, from any thread, possibly before make() returns. Errors are those of Keyring::take(),
  // with retry_after if the other side asked for a delay.
  virtual void make(const std::vector<std::string>& values, Done done) = 0;
};

// Sends the contents of the files as they are.
class PlainKeyMaker final : public KeyMaker {
 public:
  void make(const std::vector<std::string>& values, Done done) override {
    done(MadeKey{.key = {.values = values}});
  }
};

}  // namespace dualtrace::agent
