// SPDX-License-Identifier: Apache-2.0
#pragma once
// How both HTTP clients check header lines. Private to common_http_client.
// Pure. Thread-safe.

#include "common/error/result.h"
#include "common/net/http_response.h"

namespace dualtrace {

// kInvalid if a name or a value would end its line or start another header. The error does not
// contain the value, which may be a secret.
[[nodiscard]] Status check_headers(const HttpHeaders& headers);

}  // namespace dualtrace
