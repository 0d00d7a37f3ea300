// SPDX-License-Identifier: Apache-2.0
#pragma once
// Foreign text: what a destination, a proxy or a token endpoint wrote, made fit for our messages.
// Those reach the log, the status and the conditions of the export. Nothing in it is trusted. It
// may even repeat the request, with its credential in the encoding of the program that answered.
// Pure. Thread-safe.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dualtrace::agent {

// At most `bytes_max` bytes of `text` on one line, without control characters and without a
// truncated UTF-8 character. Each of `secrets` is replaced with "(hidden)", whether it is plain,
// escaped for JSON, HTML or a URL, in base64, or part of a longer value in base64, such as
// Basic credentials. Secrets of less than four bytes are left, because they would hide ordinary
// words.
[[nodiscard]] std::string readable(std::string_view text, const std::vector<std::string>& secrets,
                                   size_t bytes_max);

}  // namespace dualtrace::agent
