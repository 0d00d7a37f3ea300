// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the webhook configurations trust (clientConfig.caBundle), and the server-side apply that
// changes it: it contains only the name and the bundle of each entry, so it touches nobody else's
// fields. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/certs/webhook_certificate.h"

namespace dualtrace::ctl {

inline constexpr std::string_view kTrustFieldManager = "dualtrace-operator/cabundle";
inline constexpr kube::ResourceType kMutatingWebhookConfigurations{
    "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration"};
inline constexpr kube::ResourceType kValidatingWebhookConfigurations{
    "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration"};

// The certificates that each entry of a configuration trusts; none for an invalid bundle.
[[nodiscard]] std::vector<std::vector<Certificate>> trusted_by_entries(const Json& configuration);
// The object to apply, for the entries that the configuration has. It contains the
// resourceVersion: if the configuration has changed since it was read, the API server answers with
// a conflict instead of creating an incomplete entry.
[[nodiscard]] Json bundle_apply(const kube::ResourceType& type, const Json& configuration,
                                const std::vector<Certificate>& trusted);
[[nodiscard]] bool same_certificates(const std::vector<Certificate>& a,
                                     const std::vector<Certificate>& b);

}  // namespace dualtrace::ctl
