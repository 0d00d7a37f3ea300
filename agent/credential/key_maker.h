// SPDX-License-Identifier: Apache-2.0
#pragma once
// KeyMaker: from the content of a Secret to the key that requests carry: the very same values, or a
// token that is asked for with them. Keeper is its user.
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
  std::optional<Duration> lifetime{};  // from the moment make() was called; none: it does not end
};

class KeyMaker {
 public:
  using Done = std::function<void(Result<MadeKey>)>;

  // Ends what is under way; every `done` has been called when the destructor returns.
  virtual ~KeyMaker() = default;
  // `values` in the order of the credential's files. Does not block. `done` is called exactly once,
  // from any thread, possibly from within. Errors as Keyring::take() has them, with retry_after
  // where the other side asked for time.
  virtual void make(const std::vector<std::string>& values, Done done) = 0;
};

// What is in the files is what is sent.
class PlainKeyMaker final : public KeyMaker {
 public:
  void make(const std::vector<std::string>& values, Done done) override {
    done(MadeKey{.key = {.values = values}});
  }
};

}  // namespace dualtrace::agent
