// SPDX-License-Identifier: Apache-2.0
#pragma once
// What cannot be an API key or a token, whoever issued it: the slips of hands that make Secrets.
// Agents judge the files that they find mounted, the operator the Secrets that it may read. Pure.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace {

// `text` has no white space around it any more. The errors say what is wrong with it and repeat
// nothing of it.

// One value alone, as whoever issued it wrote it.
Status check_single_value(std::string_view text);
// That, and a value that may be sent to a destination: the token of a ServiceAccount may not.
Status check_credential(std::string_view text);

// The OAuth secret of a service principal, as check_credential() and more. check_client_id() in
// rules.h is for its other half.
Status check_client_secret(std::string_view text);

// First 8 hex digits of SHA-256 of the value: which version it is, without showing it. What agents
// report and what the operator finds in the Secret are compared by it.
[[nodiscard]] std::string credential_fingerprint(std::string_view text);

}  // namespace dualtrace
