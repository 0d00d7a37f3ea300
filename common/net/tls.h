#pragma once
// Where TLS material lies: PEM files that are read when a connection is made, so that a rotated
// certificate is picked up by the next one. Minimum version TLS 1.2 everywhere.
// Immutable.

#include <string>

namespace dualtrace {

struct TlsServerOptions {
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;  // empty: no client certificate is asked for; set: one is required

  bool operator==(const TlsServerOptions&) const = default;
};

struct TlsClientOptions {
  std::string ca_file{};  // empty: the system's trust store; set: only this CA is trusted

  bool operator==(const TlsClientOptions&) const = default;
};

}  // namespace dualtrace
