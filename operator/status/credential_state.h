// SPDX-License-Identifier: Apache-2.0
#pragma once
// What CredentialsSynced reports about credentials that agents have loaded: candidates that are
// waiting to replace those in use, and credentials that expire soon. credentials.cc calls these
// functions; it reports problems of Secrets and files itself. Pure.

#include <optional>
#include <vector>

#include "operator/status/conditions.h"

namespace dualtrace::ctl {

// A destination rejects the Secret's current value.
[[nodiscard]] std::optional<Condition> rejected_candidate(const std::vector<LaneSummary>& lanes);
// A candidate waits to be tried with a request.
[[nodiscard]] std::optional<Condition> proving_candidate(const std::vector<LaneSummary>& lanes);
// The credential in use, or every certificate of an authority, has expired.
[[nodiscard]] std::optional<Condition> expired(const Facts& facts,
                                               const std::vector<LaneSummary>& lanes);
// A credential or a certificate of an authority expires within kExpiryNotice. Of several
// certificates, one may have expired: the others still work.
[[nodiscard]] std::optional<Condition> ends_soon(const Facts& facts,
                                                 const std::vector<LaneSummary>& lanes);

}  // namespace dualtrace::ctl
