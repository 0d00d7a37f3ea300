// SPDX-License-Identifier: Apache-2.0
#pragma once
// Detects texts that cannot be an API key, a token or a secret of any issuer: common mistakes when
// Secrets are created. credential_part.h maps each kind of content to its check. Pure.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace {

// Without surrounding white space, which editors and `kubectl create secret --from-file` leave.
[[nodiscard]] std::string_view trim_secret(std::string_view text);

// In what follows, `text` has been trimmed. The errors say what is wrong and contain no part of the
// text.

// Mistakes that make a value of any kind unusable: quotes, a byte order mark, a placeholder, a name
// before the value, a second base64.
Status check_copied_text(std::string_view text);
// A single value that fits into an HTTP header, as issued: check_copied_text(), and only characters
// of RFC 6750's b64token, which all keys and tokens of both destinations consist of.
Status check_single_value(std::string_view text);
// The same, and a value that may be sent to a destination: a ServiceAccount token may not.
Status check_credential(std::string_view text);

// check_credential(), and not a credential of another kind, where its form shows that.
Status check_api_key(std::string_view text);        // of Arize
Status check_access_token(std::string_view text);   // of Databricks
Status check_client_secret(std::string_view text);  // the OAuth secret of a service principal

// A space id with one of the mistakes above, or an API key in its place. Other texts pass:
// check_space_id() refuses those that are not space ids.
Status check_space_id_text(std::string_view text);

// The first 8 hex digits of the value's SHA-256, which identify a version without revealing it. The
// operator compares the fingerprints that agents report with those of the Secret.
[[nodiscard]] std::string credential_fingerprint(std::string_view text);

}  // namespace dualtrace
