// SPDX-License-Identifier: Apache-2.0
#pragma once
// The names with which a pod reaches an export's agents: the host names of their Service that the
// pod's resolver can resolve with any C library, or why there is none. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/webhook/cluster_dns.h"
#include "operator/webhook/refusal.h"

namespace dualtrace::ctl {

// "agents-dualtrace.observability.svc": needs a search list, and ndots of at least 3.
[[nodiscard]] std::string service_host(const kube::ObjectKey& export_key);

// Never empty; the first is the best.
using AgentHosts = std::vector<std::string>;
[[nodiscard]] OrRefusal<AgentHosts> agent_hosts(const Json& pod, const kube::ObjectKey& export_key,
                                                const ClusterDns& dns);

}  // namespace dualtrace::ctl
