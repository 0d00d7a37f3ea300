// SPDX-License-Identifier: Apache-2.0
#pragma once
// What CredentialsSynced says of credentials that agents have loaded: of those that are to replace
// the ones in use, and of what ends soon. What is wrong with Secrets and files stands in
// credentials.cc, which asks here. Pure.

#include <optional>
#include <vector>

#include "operator/status/conditions.h"

namespace dualtrace::ctl {

// A destination refuses what the Secret has now.
[[nodiscard]] std::optional<Condition> rejected_candidate(const std::vector<LaneSummary>& lanes);
// It waits to be proved by a request.
[[nodiscard]] std::optional<Condition> proving_candidate(const std::vector<LaneSummary>& lanes);
// A credential or a certificate of an authority ends within kExpiryNotice, or has ended.
[[nodiscard]] std::optional<Condition> ends_soon(const Facts& facts,
                                                 const std::vector<LaneSummary>& lanes);

}  // namespace dualtrace::ctl
