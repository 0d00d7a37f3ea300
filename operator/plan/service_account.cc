// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/child.h"

namespace dualtrace::ctl {

// An identity without permissions: agents do not use the API server and get no token for it.
Json service_account(const DualTraceExport& wanted) {
  Json object = child(wanted, kube::kServiceAccounts);
  object["automountServiceAccountToken"] = false;
  return object;
}

}  // namespace dualtrace::ctl
