// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reading PEM into an SSL_CTX, from a text or, when that is empty, from a file. The errors name the
// file and never what is in it. Private to common_http_client.
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

// Its text, when there is at least one certificate in it.
Result<std::string> read_authorities(const PemSource& authorities);
// In place of whatever the context trusts.
Status trust_only(SSL_CTX* context, const PemSource& authorities);
// The first is the certificate, what follows its chain.
Status show_certificate(SSL_CTX* context, const PemSource& certificate, const PemSource& key);

}  // namespace dualtrace
