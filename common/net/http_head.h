// SPDX-License-Identifier: Apache-2.0
#pragma once
// What both HTTP clients do with the lines of a head. Private to common_http_client.
// Pure. Thread-safe.

#include "common/error/result.h"
#include "common/net/http_response.h"

namespace dualtrace {

// kInvalid when a name or a value would end its line, or start another header. The error does not
// repeat the value, which may be a secret.
[[nodiscard]] Status check_headers(const HttpHeaders& headers);

}  // namespace dualtrace
