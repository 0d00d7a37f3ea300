// SPDX-License-Identifier: Apache-2.0
#pragma once
// Base64 as Kubernetes and Arize write it: the standard alphabet. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace dualtrace {

// Nothing when the text is not base64. Padding may be missing; bits left over are ignored, as
// common decoders do.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);
// With padding.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace dualtrace
