// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/test_certificates.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/sandbox/certificates.h"

namespace dualtrace {
namespace {

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "dualtrace-test-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  return name;
}

void write(const std::string& path, const std::string& text) {
  EXPECT_TRUE(std::ofstream(path) << text) << path;
}

}  // namespace

// The folder's name makes the authority's name unique: a test may have two that must not trust each
// other.
TestAuthority::TestAuthority()
    : folder_(make_folder()),
      authority_(sandbox::make_authority(folder_.filename().string()).value()) {
  write(ca_file(), authority_.certificate.pem);
}

TestAuthority::~TestAuthority() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

TlsServerOptions TestAuthority::issue(const std::vector<std::string>& names) {
  return store(sandbox::issue_server_certificate(authority_, names));
}

TlsServerOptions TestAuthority::issue_expired(const std::vector<std::string>& names) {
  constexpr auto kHour = std::chrono::hours(1);
  return store(dualtrace::issue(authority_,
                                {.name = "expired", .hosts = names, .usage = "serverAuth"},
                                SystemClock().wall() - 2 * kHour, kHour));
}

TlsServerOptions TestAuthority::store(const Result<Leaf>& issued) {
  EXPECT_TRUE(issued) << (issued ? "" : issued.error().message);
  const std::string stem = (folder_ / ("server" + std::to_string(issued_++))).string();
  const TlsServerOptions files{
      .certificate_file = stem + ".pem", .key_file = stem + ".key", .client_ca_file = {}};
  write(files.certificate_file, issued->certificate.pem);
  write(files.key_file, issued->key);
  return files;
}

}  // namespace dualtrace
