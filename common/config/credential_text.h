// SPDX-License-Identifier: Apache-2.0
#pragma once
// Detects texts that cannot be an API key or a token of any issuer: common mistakes when Secrets
// are created. Agents check the mounted files, the operator the Secrets that it may read. Pure.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace {

// `text` has been trimmed. The errors say what is wrong and contain no part of the text.

// A single value, as issued.
Status check_single_value(std::string_view text);
// The same, and a value that may be sent to a destination: a ServiceAccount token may not.
Status check_credential(std::string_view text);

// The OAuth secret of a service principal: check_credential() and more. check_client_id() in
// rules.h checks the other half.
Status check_client_secret(std::string_view text);

// The first 8 hex digits of the value's SHA-256, which identify a version without revealing it. The
// operator compares the fingerprints that agents report with those of the Secret.
[[nodiscard]] std::string credential_fingerprint(std::string_view text);

}  // namespace dualtrace
