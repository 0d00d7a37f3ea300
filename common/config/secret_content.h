// SPDX-License-Identifier: Apache-2.0
#pragma once
// SecretContent: what a key of a Secret must contain, and the check of it. The agents check the
// files that they mount, the operator the Secrets and ConfigMaps that it may read: with the same
// functions, so that they never disagree. Pure.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace {

enum class SecretContent {
  kAuthority,  // certificates to trust, in PEM
  kAPIKey,     // of Arize
  kSpaceID,
  kToken,  // of Databricks
  kClientID,
  kClientSecret,
  kProxyUsername,
  kProxyPassword,
};

// Checks a trimmed text (trim_secret()). The error says what is wrong and contains no part of the
// text.
using CheckCredential = Status (*)(std::string_view text);
[[nodiscard]] CheckCredential check_of(SecretContent content);

// Of a trimmed text: by it, the operator sees whether agents have the same value as a Secret or
// ConfigMap. It does not reveal the value, even if people have chosen it.
[[nodiscard]] std::string fingerprint_of(SecretContent content, std::string_view text);

}  // namespace dualtrace
