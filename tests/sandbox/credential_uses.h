// SPDX-License-Identifier: Apache-2.0
#pragma once
// CredentialUses: which credential was used where, and when last, so that a test can prove that an
// old one is no longer used. An issued token counts for the credential it was requested with.
// Thread-safe.

#include <cstdint>
#include <map>
#include <string>

#include "common/sync/mutex.h"
#include "common/time/clock.h"
#include "tests/sandbox/destination.h"

namespace dualtrace::sandbox {

struct CredentialUse {
  uint64_t accepted = 0;  // requests that it authorized
  uint64_t refused = 0;   // requests that were rejected because of it
  WallTime last_used{};
};

class CredentialUses {
 public:
  // `name` is the result of credential_name(); an empty one is not counted.
  void count(Destination destination, const std::string& name, bool accepted, WallTime when);
  void forget();
  [[nodiscard]] std::map<std::string, CredentialUse> of(Destination destination) const;

 private:
  mutable Mutex mutex_;
  std::map<Destination, std::map<std::string, CredentialUse>> uses_ DT_GUARDED_BY(mutex_);
};

// The first 8 hex digits of the secret's SHA-256, as in the agents' reports.
[[nodiscard]] std::string credential_name(std::string_view secret);

}  // namespace dualtrace::sandbox
