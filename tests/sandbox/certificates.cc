// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/certificates.h"

#include <filesystem>

#include "tests/sandbox/files.h"

namespace dualtrace::sandbox {
namespace {

constexpr Duration kLife = std::chrono::hours(10 * 365 * 24);

Status write_pair(const std::string& certificate_file, const Certificate& certificate,
                  const std::string& key_file, const std::string& key) {
  if (auto written = write_text(key_file, key); !written) return written;
  return write_text(certificate_file, certificate.pem);
}

}  // namespace

Result<Authority> make_authority(const std::string& name) {
  return dualtrace::make_authority(name, SystemClock().wall(), kLife);
}

Result<Leaf> issue_server_certificate(const Authority& authority,
                                      const std::vector<std::string>& hosts) {
  return issue(authority,
               {.name = "dualtrace test server", .hosts = hosts, .usage = "serverAuth,clientAuth"},
               SystemClock().wall(), kLife);
}

Result<TlsServerOptions> prepare_certificates(const std::string& folder,
                                              const std::vector<std::string>& hosts) {
  const std::string ca_file = folder + "/ca.pem";
  const std::string ca_key_file = folder + "/ca-key.pem";
  const TlsServerOptions server{.certificate_file = folder + "/server.pem",
                                .key_file = folder + "/server-key.pem",
                                .client_ca_file = ""};
  if (!std::filesystem::exists(ca_file) || !std::filesystem::exists(ca_key_file)) {
    auto made = make_authority("dualtrace sandbox CA");
    if (!made) return fail(made.error());
    if (auto written = write_pair(ca_file, made->certificate, ca_key_file, made->key); !written)
      return fail(written.error());
  }
  auto certificate = read_text(ca_file);
  if (!certificate) return fail(certificate.error());
  auto key = read_text(ca_key_file);
  if (!key) return fail(key.error());
  auto authority = read_authority(*certificate, *key);
  if (!authority) return fail(authority.error().with_prefix(ca_file + ": "));
  auto issued = issue_server_certificate(*authority, hosts);
  if (!issued) return fail(issued.error());
  if (auto written =
          write_pair(server.certificate_file, issued->certificate, server.key_file, issued->key);
      !written)
    return fail(written.error());
  return server;
}

}  // namespace dualtrace::sandbox
