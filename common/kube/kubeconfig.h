// SPDX-License-Identifier: Apache-2.0
#pragma once
// Kubeconfig files, as kubectl reads them: several are merged, of equal names the first wins; paths
// in them are relative to their file. Used by operator/app when it does not run in a pod.
// Pure, but for the files.

#include <string>
#include <vector>

#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/kube/config.h"

namespace dualtrace::kube {

// Of KUBECONFIG: paths with ":" between them.
[[nodiscard]] std::vector<std::string> split_paths(const std::string& kubeconfig);

// `context`: by name; "" is the current one. kNotFound when none of the files exists; a missing one
// among others is passed over. kInvalid names the file and the field. No secret is in an error.
Result<ClientConfig> read_kubeconfig(const std::vector<std::string>& paths,
                                     const std::string& context, FileSystem& files);

}  // namespace dualtrace::kube
