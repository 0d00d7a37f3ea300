// SPDX-License-Identifier: Apache-2.0
#pragma once
// PodWarning: why spans of a pod may not arrive although it got its variables: because of a setting
// of the pod's author, which is not changed. The creator of the pod gets the warning, and an
// annotation on the pod repeats it. Reasons are never renamed; docs/injection.md has a line for
// each (tested). Warnings about containers that got nothing have a SkipReason. Immutable.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "operator/webhook/refusal.h"

namespace dualtrace::ctl {

enum class WarnReason {
  kBehindProxy,
  kSdkDisabled,
  kOtherExporter,
  kOtherEndpoint,
  kNothingSampled,
  kConfigurationFile,
  kTlsWanted,
  kCompressionNotKnown,
  kMaybeNoAgentThere,
};

inline constexpr auto kWarnReasons = std::to_array<std::string_view>({
    "BehindProxy",
    "SDKDisabled",
    "OtherExporter",
    "OtherEndpoint",
    "NothingSampled",
    "ConfigurationFile",
    "TLSWanted",
    "CompressionNotKnown",
    "NoAgentThere",
});

[[nodiscard]] inline std::string_view to_string(WarnReason reason) {
  return kWarnReasons.at(static_cast<size_t>(reason));
}

struct PodWarning {
  std::string_view reason;  // of one of the two lists
  std::string message;      // what, why, and what to do; never a value that the user wrote
  bool operator==(const PodWarning&) const = default;
};
using PodWarnings = std::vector<PodWarning>;

// "Reason,Reason: message; message", each reason once; "" for none.
[[nodiscard]] std::string warned_text(const PodWarnings& warnings);

}  // namespace dualtrace::ctl
