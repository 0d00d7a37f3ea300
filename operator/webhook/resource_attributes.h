// SPDX-License-Identifier: Apache-2.0
#pragma once
// The text of OTEL_RESOURCE_ATTRIBUTES: "key=value,key=value", percent-encoded as OpenTelemetry's
// resource specification requires, inside a value of `env`, where `$(NAME)` is a reference. The
// user's text stays unchanged, and its keys take precedence. Pure.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dualtrace::ctl {

// A key and its encoded value, with references unchanged.
using Attribute = std::pair<std::string, std::string>;

// Doubles every "$", so that the kubelet leaves the text unchanged.
[[nodiscard]] std::string escape_references(std::string_view text);
// Encodes any text, including escape_references().
[[nodiscard]] std::string encode_attribute(std::string_view text);

// The keys of the text, as an SDK will parse it; nullopt if they cannot be determined, or if SDKs
// reject the text. `is_word` returns whether a referenced variable adds neither keys nor errors.
[[nodiscard]] std::optional<std::set<std::string>> keys_of(
    std::string_view text, const std::function<bool(std::string_view)>& is_word);

// "key=value,key=value"
[[nodiscard]] std::string join_attributes(const std::vector<Attribute>& attributes);

}  // namespace dualtrace::ctl
