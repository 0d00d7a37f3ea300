// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/token_book.h"

#include <openssl/rand.h>

#include "common/bytes/base64.h"
#include "common/error/check.h"

namespace dualtrace::sandbox {
namespace {

constexpr size_t kPlainLength = 900;
constexpr size_t kZerobusLength = 3318;

std::string random_text(size_t length) {
  std::string bytes(length * 3 / 4 + 3, '\0');
  DT_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size())) == 1);
  std::string text = encode_base64(bytes).substr(0, length);
  for (char& c : text)
    if (c == '+' || c == '/') c = c == '+' ? '-' : '_';
  return text;
}

}  // namespace

std::string TokenBook::mint(Grant grant, WallTime expires) {
  std::string token = random_text(grant.zerobus ? kZerobusLength : kPlainLength);
  Lock lock(mutex_);
  tokens_.insert_or_assign(token, Token{.grant = std::move(grant), .expires = expires});
  return token;
}

std::optional<Token> TokenBook::find(const std::string& token) const {
  Lock lock(mutex_);
  const auto found = tokens_.find(token);
  return found == tokens_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> TokenBook::all() const {
  Lock lock(mutex_);
  std::vector<std::string> texts;
  texts.reserve(tokens_.size());
  for (const auto& [text, token] : tokens_) texts.push_back(text);
  return texts;
}

size_t TokenBook::revoke(const std::string& client_id) {
  return change(client_id, [](Token& token, WallTime) { token.revoked = true; }, {});
}

size_t TokenBook::expire(const std::string& client_id, WallTime now) {
  return change(
      client_id, [](Token& token, WallTime when) { token.expires = when; }, now);
}

size_t TokenBook::change(const std::string& client_id, void (*apply)(Token&, WallTime),
                         WallTime now) {
  Lock lock(mutex_);
  size_t changed = 0;
  for (auto& [text, token] : tokens_) {
    if (!client_id.empty() && token.grant.client_id != client_id) continue;
    apply(token, now);
    ++changed;
  }
  return changed;
}

}  // namespace dualtrace::sandbox
