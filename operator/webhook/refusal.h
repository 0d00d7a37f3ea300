// SPDX-License-Identifier: Apache-2.0
#pragma once
// Refusal: why a pod, or one of its containers, gets no variables, in words that a person can act
// on. Reasons are never renamed; docs/injection.md has a line for each (tested). Immutable.

#include <array>
#include <string>
#include <string_view>
#include <variant>

namespace dualtrace::ctl {

enum class SkipReason {
  kInvalidRequest,
  kNoSuchExport,
  kAmbiguous,
  kNamespaceNotAdmitted,
  kExportInvalid,
  kUnknownContainer,
  kAlreadyConfigured,
  kEndpointEmpty,
  kEndpointNotKnown,
  kProtocolNotKnown,
  kEnvFromNotKnown,
  kNotLinux,
  kNoAgentThere,
  kNoClusterDns,
  kTooLarge,
};

inline constexpr auto kSkipReasons = std::to_array<std::string_view>({
    "InvalidRequest",
    "NoSuchExport",
    "Ambiguous",
    "NamespaceNotAdmitted",
    "ExportInvalid",
    "UnknownContainer",
    "AlreadyConfigured",
    "EndpointEmpty",
    "EndpointNotKnown",
    "ProtocolNotKnown",
    "EnvFromNotKnown",
    "NotLinux",
    "NoAgentThere",
    "NoClusterDNS",
    "TooLarge",
});

struct Refusal {
  SkipReason reason{};
  std::string message;  // why, and what to do
  bool operator==(const Refusal&) const = default;
};

[[nodiscard]] inline std::string_view to_string(SkipReason reason) {
  return kSkipReasons.at(static_cast<size_t>(reason));
}
// "Reason: message"
[[nodiscard]] inline std::string to_string(const Refusal& refusal) {
  return std::string(to_string(refusal.reason)) + ": " + refusal.message;
}

template <typename T>
using OrRefusal = std::variant<T, Refusal>;

}  // namespace dualtrace::ctl
