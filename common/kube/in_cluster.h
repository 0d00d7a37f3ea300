// SPDX-License-Identifier: Apache-2.0
#pragma once
// The configuration that Kubernetes gives to each pod. Used by operator/app, which reads the two
// environment variables. Pure, except for reading files.

#include <string>

#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/kube/config.h"

namespace dualtrace::kube {

inline constexpr const char* kServiceAccountFolder =
    "/var/run/secrets/kubernetes.io/serviceaccount";

// Takes KUBERNETES_SERVICE_HOST and _PORT unchanged; kNotFound if one is empty: not in a pod.
// kUnavailable if the folder has no CA or no token.
Result<ClientConfig> in_cluster_config(const std::string& service_host,
                                       const std::string& service_port, FileSystem& files,
                                       const std::string& folder = kServiceAccountFolder);

}  // namespace dualtrace::kube
