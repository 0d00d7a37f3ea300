// SPDX-License-Identifier: Apache-2.0
#pragma once
// Valid requests to the token endpoint, which tests then make invalid.
// Pure.

#include <string>
#include <utility>
#include <vector>

#include "common/net/http_server.h"

namespace dualtrace::sandbox {

using Fields = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::string form_body(const Fields& fields);

[[nodiscard]] Fields plain_form();
// For the default workspace, unless given.
[[nodiscard]] Fields zerobus_form(const std::string& table,
                                  const std::string& workspace_id = "1234567890123456");
[[nodiscard]] Fields exchange_form(const std::string& subject_token, const std::string& client_id);

// The last header is content-type.
[[nodiscard]] HttpServerRequest form_request(const Fields& fields);
[[nodiscard]] HttpServerRequest client_request(const std::string& client_id,
                                               const std::string& secret, const Fields& fields);
[[nodiscard]] HttpServerRequest exchange_request(const std::string& subject_token,
                                                 const std::string& client_id);

}  // namespace dualtrace::sandbox
