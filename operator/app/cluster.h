// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which cluster the operator serves: finds out how to reach its API server, and what its Services
// are called. Pure, but for the files.

#include "common/io/file_system.h"
#include "common/kube/config.h"
#include "operator/app/environment.h"
#include "operator/app/options.h"
#include "operator/webhook/cluster_dns.h"

namespace dualtrace::ctl {

// --kubeconfig, else $KUBECONFIG, else the pod's own account, else ~/.kube/config.
Result<kube::ClientConfig> find_cluster(const Options& options, const Environment& environment,
                                        FileSystem& files);

// What its DNS serves: --cluster-domain, else what the pod's own resolver configuration says.
[[nodiscard]] ClusterDns find_cluster_dns(const Options& options, const Environment& environment);

}  // namespace dualtrace::ctl
