// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the webhook configurations trust (clientConfig.caBundle), and the server-side apply that
// makes them trust something: of an entry it has the name and the bundle, so nobody else's field is
// touched. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/certs/certificate.h"

namespace dualtrace::ctl {

inline constexpr std::string_view kTrustFieldManager = "dualtrace-operator/cabundle";
inline constexpr kube::ResourceType kMutatingWebhookConfigurations{
    "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration"};
inline constexpr kube::ResourceType kValidatingWebhookConfigurations{
    "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration"};

// The certificates that each entry of a configuration trusts; a bundle that cannot be read trusts
// none.
[[nodiscard]] std::vector<std::vector<Certificate>> trusted_by_entries(const Json& configuration);
// To apply to the entries that the configuration has. Carries its resourceVersion: over another
// version than the one that was read it is a conflict, which makes no half entry.
[[nodiscard]] Json bundle_apply(const kube::ResourceType& type, const Json& configuration,
                                const std::vector<Certificate>& trusted);
[[nodiscard]] bool same_certificates(const std::vector<Certificate>& a,
                                     const std::vector<Certificate>& b);

}  // namespace dualtrace::ctl
