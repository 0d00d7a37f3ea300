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

#include "common/sync/mutex.h"
#include "common/time/clock.h"

namespace dualtrace::sandbox {

// What a token is good for, and whose it is.
struct Grant {
  std::string client_id{};   // of the service principal; empty: an account's federation policy
  std::string credential{};  // by which CredentialUses counts: the secret's, or issuer|subject
  // Requested with the resource of Zerobus, and valid only for Zerobus.
  bool zerobus = false;
  bool has_details = false;                        // of authorization_details
  std::set<std::string> tables{};                  // that they name
  std::optional<std::set<std::string>> allowed{};  // a plain token's tables; absent: any
};

struct Token {
  Grant grant{};
  WallTime expires{};
  bool revoked = false;
};

class TokenBook {
 public:
  // As long as a real one: 900 characters, or 3318 for Zerobus.
  std::string mint(Grant grant, WallTime expires);
  // Also those that have ended.
  [[nodiscard]] std::optional<Token> find(const std::string& token) const;
  // All of that client, or with an empty id all there are. Returns how many.
  size_t revoke(const std::string& client_id);
  // As if their time had come.
  size_t expire(const std::string& client_id, WallTime now);

 private:
  size_t change(const std::string& client_id, void (*apply)(Token&, WallTime), WallTime now);

  mutable Mutex mutex_;
  std::map<std::string, Token> tokens_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::sandbox
