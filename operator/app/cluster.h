// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which cluster the operator serves: finds out how to reach its API server, and the domain of its
// Services. Pure, except for reading files.

#include "common/io/file_system.h"
#include "common/kube/config.h"
#include "operator/app/environment.h"
#include "operator/app/options.h"
#include "operator/webhook/cluster_dns.h"

namespace dualtrace::ctl {

// --kubeconfig, else $KUBECONFIG, else the pod's own account, else ~/.kube/config.
Result<kube::ClientConfig> find_cluster(const Options& options, const Environment& environment,
                                        FileSystem& files);

// The cluster's DNS: --cluster-domain, else the pod's own resolver configuration.
[[nodiscard]] ClusterDns find_cluster_dns(const Options& options, const Environment& environment);

}  // namespace dualtrace::ctl
