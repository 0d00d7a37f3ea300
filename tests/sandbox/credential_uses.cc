// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/credential_uses.h"

#include "common/bytes/sha256.h"

namespace dualtrace::sandbox {

void CredentialUses::count(Destination destination, const std::string& name, bool accepted,
                           WallTime when) {
  if (name.empty()) return;
  Lock lock(mutex_);
  CredentialUse& use = uses_[destination][name];
  ++(accepted ? use.accepted : use.refused);
  use.last_used = when;
}

void CredentialUses::forget() {
  Lock lock(mutex_);
  uses_.clear();
}

std::map<std::string, CredentialUse> CredentialUses::of(Destination destination) const {
  Lock lock(mutex_);
  const auto found = uses_.find(destination);
  return found == uses_.end() ? std::map<std::string, CredentialUse>() : found->second;
}

std::string credential_name(std::string_view secret) {
  return secret.empty() ? std::string() : sha256_hex(secret, 8);
}

}  // namespace dualtrace::sandbox
