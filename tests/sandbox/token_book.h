// SPDX-License-Identifier: Apache-2.0
#pragma once
// TokenBook: the OAuth tokens that the token endpoint has issued, and what each gives access to.
// They end when they expire or are revoked, but not when the secret that they were issued for is
// deleted. Thread-safe.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/sync/mutex.h"
#include "common/time/clock.h"

namespace dualtrace::sandbox {

// The scope and the owner of a token.
struct Grant {
  std::string client_id{};   // of the service principal; empty: an account's federation policy
  std::string credential{};  // its name in CredentialUses: the secret's, or issuer|subject
  // Requested with the resource of Zerobus, and valid only for Zerobus.
  bool zerobus = false;
  bool has_details = false;                        // whether it has authorization_details
  std::set<std::string> tables{};                  // in the details
  std::optional<std::set<std::string>> allowed{};  // a plain token's tables; absent: any
};

struct Token {
  Grant grant{};
  WallTime expires{};
  bool revoked = false;
};

class TokenBook {
 public:
  // Tokens are as long as real ones: 900 characters, or 3318 for Zerobus.
  std::string mint(Grant grant, WallTime expires);
  // Also finds tokens that have expired or were revoked.
  [[nodiscard]] std::optional<Token> find(const std::string& token) const;
  // All that were issued.
  [[nodiscard]] std::vector<std::string> all() const;
  // Revokes the tokens of that client, or all if the id is empty. Returns the number.
  size_t revoke(const std::string& client_id);
  // Makes the tokens expire now.
  size_t expire(const std::string& client_id, WallTime now);

 private:
  size_t change(const std::string& client_id, void (*apply)(Token&, WallTime), WallTime now);

  mutable Mutex mutex_;
  std::map<std::string, Token> tokens_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::sandbox
