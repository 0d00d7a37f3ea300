// SPDX-License-Identifier: Apache-2.0
#pragma once
// Kubeconfig files, as kubectl reads them: several are merged, and of entries with the same name
// the first wins; paths in them are relative to their file. Used by operator/app outside of a pod.
// Pure, except for reading files.

#include <string>
#include <vector>

#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/kube/config.h"

namespace dualtrace::kube {

// The value of KUBECONFIG: paths separated by ":".
[[nodiscard]] std::vector<std::string> split_paths(const std::string& kubeconfig);

// `context`: by name; "" is the current one. kNotFound if none of the files exists; a missing one
// among others is ignored. kInvalid names the file and the field. Errors never contain a secret.
Result<ClientConfig> read_kubeconfig(const std::vector<std::string>& paths,
                                     const std::string& context, FileSystem& files);

}  // namespace dualtrace::kube
