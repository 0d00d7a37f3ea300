// SPDX-License-Identifier: Apache-2.0
#pragma once
// CredentialPart: what a file of a destination's credentials or connections must contain, and the
// check of it. The agents check the files that they mount, the operator the Secrets and ConfigMaps
// that it may read: with the same functions, so that they never disagree. Pure.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace {

enum class CredentialPart {
  kAPIKey,  // of Arize
  kSpaceID,
  kToken,  // of Databricks
  kClientID,
  kClientSecret,
  kProjectedToken,  // of a ServiceAccount, to be exchanged
  // Of connections: only whoever opens the next connection reads them.
  kAuthority,  // certificates to trust, in PEM
  kProxyUsername,
  kProxyPassword,
  kLast = kProxyPassword
};

// Checks a trimmed text (trim_secret()). The error says what is wrong and contains no part of the
// text. Only agents have projected tokens, and check what they say themselves.
using CheckCredential = Status (*)(std::string_view text);
[[nodiscard]] CheckCredential check_of(CredentialPart part);

// Of a trimmed text: by it, the operator sees whether agents have the same value as a Secret or
// ConfigMap. It does not reveal the value, even if people have chosen it.
[[nodiscard]] std::string fingerprint_of(CredentialPart part, std::string_view text);

}  // namespace dualtrace
