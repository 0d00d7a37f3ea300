// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reviews: the functions behind the webhook's paths: webhook/'s reviewers, with the informers'
// data. Used by Operator. Thread-safe; the arguments outlive it.

#include "operator/api/scope.h"
#include "operator/app/informers.h"
#include "operator/app/secret_lookup.h"
#include "operator/app/webhook_server.h"
#include "operator/plan/plan.h"
#include "operator/webhook/cluster_dns.h"

namespace dualtrace::ctl {

[[nodiscard]] Reviews make_reviews(const Informers& informers, const Installation& installation,
                                   const Scope& scope, const SecretLookup& secrets,
                                   const ClusterDns& dns);

}  // namespace dualtrace::ctl
