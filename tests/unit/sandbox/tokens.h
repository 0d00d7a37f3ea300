// SPDX-License-Identifier: Apache-2.0
#pragma once
// Requests to the token endpoint as a right client makes them, to be made wrong by the tests.
// Pure.

#include <string>
#include <utility>
#include <vector>

#include "common/net/http_server.h"

namespace dualtrace::sandbox {

using Fields = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::string form_body(const Fields& fields);

[[nodiscard]] Fields plain_form();
// The default workspace's, unless told otherwise.
[[nodiscard]] Fields zerobus_form(const std::string& table,
                                  const std::string& workspace_id = "1234567890123456");
[[nodiscard]] Fields exchange_form(const std::string& subject_token, const std::string& client_id);

// Headers: content-type is the last.
[[nodiscard]] HttpServerRequest form_request(const Fields& fields);
[[nodiscard]] HttpServerRequest client_request(const std::string& client_id,
                                               const std::string& secret, const Fields& fields);
[[nodiscard]] HttpServerRequest exchange_request(const std::string& subject_token,
                                                 const std::string& client_id);

}  // namespace dualtrace::sandbox
