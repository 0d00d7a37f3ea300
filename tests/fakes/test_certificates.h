#pragma once
// TestAuthority: a certificate authority that lives as long as the test, and the PEM files of what
// it signs, in a temporary folder that goes with it. Used from one thread.

#include <filesystem>
#include <memory>
#include <string>

#include "common/net/tls.h"

namespace dualtrace {

class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // The authority's own certificate.
  [[nodiscard]] std::string ca_file() const { return (folder_ / "ca.pem").string(); }
  [[nodiscard]] std::string ca_pem() const;
  // A key and a certificate for these names, in OpenSSL's words: "DNS:localhost,IP:::1".
  [[nodiscard]] TlsServerOptions issue(const std::string& names);

 private:
  struct Identity;

  const std::filesystem::path folder_;
  const std::unique_ptr<Identity> identity_;
  int issued_ = 0;
};

}  // namespace dualtrace
