// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where TLS material lies: PEM files that are read when a connection is made, so that a rotated
// certificate is picked up by the next one; or PEM texts that are never in a file.
// Minimum version TLS 1.2 everywhere.
// Immutable.

#include <string>

namespace dualtrace {

struct TlsServerOptions {
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;  // empty: no client certificate is asked for; set: one is required

  bool operator==(const TlsServerOptions&) const = default;
};

// What a server shows, in memory only.
struct TlsIdentity {
  std::string certificate;  // PEM, its chain behind it
  std::string key;          // PEM

  bool operator==(const TlsIdentity&) const = default;
};

// Of each pair the text goes before the file.
struct TlsClientOptions {
  // Neither: the system's trust store; else only this CA is trusted.
  std::string ca_file{};
  std::string ca_text{};
  // What is shown to a server that asks: the certificate, followed by its chain, and its key.
  std::string certificate_file{};
  std::string certificate_text{};
  std::string key_file{};
  std::string key_text{};
  std::string server_name{};  // verified, and asked for (SNI), in place of the URL's host
  bool insecure = false;      // nothing is verified

  bool operator==(const TlsClientOptions&) const = default;
};

}  // namespace dualtrace
