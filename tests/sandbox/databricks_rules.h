// SPDX-License-Identifier: Apache-2.0
#pragma once
// The rules of the two span endpoints of Databricks, as far as they are known (README.md names the
// sources), and the format of their rejections: the OTLP endpoint of a workspace, and Zerobus.
// Pure.

#include <optional>
#include <string>

#include "tests/sandbox/access.h"
#include "tests/sandbox/answer.h"
#include "tests/sandbox/token_book.h"

namespace dualtrace::sandbox {

// The sandbox's knowledge of a request's token.
struct Bearer {
  std::optional<Token> minted{};  // absent: the sandbox has not issued it
  WallTime now{};
};

[[nodiscard]] HeaderVerdict judge_databricks_headers(const Arrival& arrival, const Access& access,
                                                     const Bearer& bearer = {});
[[nodiscard]] HeaderVerdict judge_zerobus_headers(const Arrival& arrival, const Access& access,
                                                  const Bearer& bearer);

// Why the workspace rejects a token; an empty `token` means that none was sent.
[[nodiscard]] std::optional<Answer> judge_workspace_token(const std::string& token,
                                                          const Access& access,
                                                          const Bearer& bearer);

// {"error_code": …, "message": …}
[[nodiscard]] std::string databricks_error_body(const Answer& answer);

}  // namespace dualtrace::sandbox
