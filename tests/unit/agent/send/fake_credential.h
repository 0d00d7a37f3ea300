#pragma once
// FakeCredential: what the test says it is. Thread-safe as far as the test is.

#include <optional>
#include <string>

#include "agent/credential/credential.h"

namespace dualtrace::agent {

class FakeCredential final : public Credential {
 public:
  explicit FakeCredential(std::optional<std::string> content) : current(std::move(content)) {}

  Result<std::string> value() override {
    if (!current) return fail(ErrorKind::kUnavailable, "credential file /secret/key: missing");
    return *current;
  }
  Status look() override { return {}; }
  void invalidate() override { ++invalidated; }
  [[nodiscard]] std::string fingerprint() const override { return {}; }

  std::optional<std::string> current;
  int invalidated = 0;
};

}  // namespace dualtrace::agent
