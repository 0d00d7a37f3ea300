#pragma once
// Base64 as Kubernetes and Arize write it: the standard alphabet. Padding may be missing; bits left
// over are ignored, as common decoders do. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace dualtrace {

// Nothing when the text is not base64.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace dualtrace
