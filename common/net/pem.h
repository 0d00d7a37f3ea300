// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads PEM into an SSL_CTX, from a text or, if that is empty, from a file. Errors name the file
// and never contain its contents. Private to common_http_client.
// Used from one thread.

#include <openssl/ssl.h>

#include <string>

#include "common/error/result.h"

namespace dualtrace {

struct PemSource {
  const std::string& text;
  const std::string& file;

  [[nodiscard]] bool empty() const { return text.empty() && file.empty(); }
};

// Returns the text if it contains at least one certificate.
Result<std::string> read_authorities(const PemSource& authorities);
// Replaces everything that the context trusts.
Status trust_only(SSL_CTX* context, const PemSource& authorities);
// The first certificate is ours; the others are its chain.
Status show_certificate(SSL_CTX* context, const PemSource& certificate, const PemSource& key);

}  // namespace dualtrace
