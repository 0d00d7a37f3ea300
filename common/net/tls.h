// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where TLS material comes from: PEM files that are read when a connection is made, so that the
// next one uses a rotated certificate; or PEM texts that are never in a file. The minimum version
// is TLS 1.2 everywhere.
// Immutable.

#include <string>

namespace dualtrace {

struct TlsServerOptions {
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;  // set: a client certificate is required; empty: none is requested

  bool operator==(const TlsServerOptions&) const = default;
};

// What a server presents, in memory only.
struct TlsIdentity {
  std::string certificate;  // PEM, followed by its chain
  std::string key;          // PEM

  bool operator==(const TlsIdentity&) const = default;
};

// In each pair, the text takes precedence over the file.
struct TlsClientOptions {
  // If both are empty, the system's trust store is used; otherwise only this CA is trusted.
  std::string ca_file{};
  std::string ca_text{};
  // Presented to a server that asks: the certificate, followed by its chain, and its key.
  std::string certificate_file{};
  std::string certificate_text{};
  std::string key_file{};
  std::string key_text{};
  std::string server_name{};  // verified and sent as SNI in place of the URL's host
  bool insecure = false;      // nothing is verified

  bool operator==(const TlsClientOptions&) const = default;
};

}  // namespace dualtrace
