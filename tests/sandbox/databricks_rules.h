// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the two span endpoints of Databricks accept, as far as it is known (README.md names the
// sources), and the format of their rejections: the OTLP endpoint of a workspace, and Zerobus.
// Pure.

#include <optional>
#include <string>

#include "tests/sandbox/access.h"
#include "tests/sandbox/answer.h"
#include "tests/sandbox/token_book.h"

namespace dualtrace::sandbox {

// What the sandbox knows of the token of a request.
struct Bearer {
  std::optional<Token> minted{};  // absent: it has not handed it out
  WallTime now{};
};

[[nodiscard]] HeaderVerdict judge_databricks_headers(const Arrival& arrival, const Access& access,
                                                     const Bearer& bearer = {});
[[nodiscard]] HeaderVerdict judge_zerobus_headers(const Arrival& arrival, const Access& access,
                                                  const Bearer& bearer);

// Why the workspace rejects a token; `token` empty: none was sent.
[[nodiscard]] std::optional<Answer> judge_workspace_token(const std::string& token,
                                                          const Access& access,
                                                          const Bearer& bearer);

// {"error_code": …, "message": …}
[[nodiscard]] std::string databricks_error_body(const Answer& answer);

}  // namespace dualtrace::sandbox
