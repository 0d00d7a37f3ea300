// SPDX-License-Identifier: Apache-2.0
#pragma once
// Base64 as used by Kubernetes and Arize: the standard alphabet. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace dualtrace {

// nullopt if the text is not base64. Padding may be missing; leftover bits are ignored, as in most
// decoders.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);
// With padding.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace dualtrace
