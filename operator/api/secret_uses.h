#pragma once
// SecretUse: a key of a Secret that an export names, and what its value is to be. The reconciler
// looks whether it is so; the webhook, whether there is such a Secret at all. Pure.

#include <string>
#include <vector>

#include "operator/api/dual_trace_export.h"

namespace dualtrace::ctl {

enum class SecretContent { kAuthority, kAPIKey, kSpaceID, kToken, kClientID, kClientSecret };

struct SecretUse {
  std::string path;  // of what has the secretName: "spec.arize.credentials"
  KeyReference reference;
  SecretContent content = SecretContent::kAuthority;
  bool operator==(const SecretUse&) const = default;
};

// In the order of the spec.
[[nodiscard]] std::vector<SecretUse> secrets_named_by(const DualTraceExport& wanted);

}  // namespace dualtrace::ctl
