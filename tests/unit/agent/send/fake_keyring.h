// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeKeyring: hands out the key that the test sets, and records the verdicts. Thread-safe if the
// test is.

#include <deque>
#include <string>
#include <vector>

#include "agent/credential/keyring.h"

namespace dualtrace::agent {

class FakeKeyring final : public Keyring {
 public:
  explicit FakeKeyring(std::vector<std::string> values) : current(key(std::move(values))) {}

  static KeyPointer key(std::vector<std::string> values) {
    return std::make_shared<const Key>(Key{.values = std::move(values)});
  }

  Result<KeyPointer> take() override {
    if (missing) return fail(*missing);
    return current;
  }
  KeyPointer answered(const KeyPointer& key, const KeyVerdict& verdict) override {
    verdicts.emplace_back(key->values.front(), verdict);
    if (again.empty() || verdict.kind != KeyVerdict::Kind::kRefused) return nullptr;
    KeyPointer next = again.front();
    again.pop_front();
    return next;
  }

  KeyPointer current;
  std::optional<Error> missing;
  std::deque<KeyPointer> again;  // keys with which refused requests are retried
  std::vector<std::pair<std::string, KeyVerdict>> verdicts;  // by the key's first value
};

}  // namespace dualtrace::agent
