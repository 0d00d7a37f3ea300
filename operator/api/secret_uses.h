// SPDX-License-Identifier: Apache-2.0
#pragma once
// SecretUse: a key of a Secret that an export names, and what kind of value it must have. The
// reconciler checks the value; the webhook checks whether the Secret exists at all. Pure.

#include <string>
#include <vector>

#include "common/config/credential_part.h"
#include "operator/api/dual_trace_export.h"

namespace dualtrace::ctl {

struct SecretUse {
  std::string path;  // of the section with the secretName: "spec.arize.credentials"
  KeyReference reference;
  CredentialPart part = CredentialPart::kAuthority;
  bool operator==(const SecretUse&) const = default;
};

// In the order of the spec.
[[nodiscard]] std::vector<SecretUse> secrets_named_by(const DualTraceExport& wanted);

struct ConfigMapUse {  // always a certificate authority
  std::string path;    // "spec.arize.ca"
  KeyReference reference;
  bool operator==(const ConfigMapUse&) const = default;
};
[[nodiscard]] std::vector<ConfigMapUse> config_maps_named_by(const DualTraceExport& wanted);

}  // namespace dualtrace::ctl
