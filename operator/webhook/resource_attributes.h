// SPDX-License-Identifier: Apache-2.0
#pragma once
// The text of OTEL_RESOURCE_ATTRIBUTES: "key=value,key=value", percent-encoded as OpenTelemetry's
// resource specification has it, inside a value of `env`, where `$(NAME)` is a reference. What the
// user wrote stays as it is, and its keys win. Pure.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dualtrace::ctl {

// A key and the text of its value, encoded, references in it as they are.
using Attribute = std::pair<std::string, std::string>;

// So that the kubelet leaves the text as it is: every "$" is doubled.
[[nodiscard]] std::string escape_references(std::string_view text);
// Of any text, with what escape_references() does.
[[nodiscard]] std::string encode_attribute(std::string_view text);

// The keys that the text has, as an SDK will read them; nullopt when that cannot be told, or is an
// error to SDKs. `is_word` says of a referenced variable that it adds neither keys nor errors.
[[nodiscard]] std::optional<std::set<std::string>> keys_of(
    std::string_view text, const std::function<bool(std::string_view)>& is_word);

// "key=value,key=value"
[[nodiscard]] std::string join_attributes(const std::vector<Attribute>& attributes);

}  // namespace dualtrace::ctl
