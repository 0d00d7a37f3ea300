#pragma once
// Which cluster the operator serves: finds out how to reach its API server. Pure, but for the
// files.

#include "common/io/file_system.h"
#include "common/kube/config.h"
#include "operator/app/environment.h"
#include "operator/app/options.h"

namespace dualtrace::ctl {

// --kubeconfig, else $KUBECONFIG, else the pod's own account, else ~/.kube/config.
Result<kube::ClientConfig> find_cluster(const Options& options, const Environment& environment,
                                        FileSystem& files);

}  // namespace dualtrace::ctl
