// SPDX-License-Identifier: Apache-2.0
#pragma once
// TestAuthority: a certificate authority for one test, with the PEM files of the certificates that
// it signs in a temporary folder that is deleted with it. Used from one thread.

#include <filesystem>
#include <string>
#include <vector>

#include "common/certs/certificate.h"
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
  [[nodiscard]] const std::string& ca_pem() const { return authority_.certificate.pem; }
  // A key and a certificate for these DNS names and addresses.
  [[nodiscard]] TlsServerOptions issue(const std::vector<std::string>& names);
  // The same, but the certificate expired an hour ago.
  [[nodiscard]] TlsServerOptions issue_expired(const std::vector<std::string>& names);

 private:
  TlsServerOptions store(const Result<Leaf>& issued);

  const std::filesystem::path folder_;
  const Authority authority_;
  int issued_ = 0;
};

}  // namespace dualtrace
