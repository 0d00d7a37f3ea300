// SPDX-License-Identifier: Apache-2.0
#pragma once
// Owner: which export this agent is of, from the environment that the operator gives its pods:
//   DUALTRACE_EXPORT_UID  the export's metadata.uid; without it the agent takes up every journal
//   DUALTRACE_ADOPT_FROM  uids, with commas in between, whose journals are handed over to it
// Not from the configuration: that reaches agents of the release before, too, which refuse keys
// that they do not know.
// Used from one thread.

#include <chrono>

#include "agent/journal/folder_mark.h"

namespace dualtrace::agent {

[[nodiscard]] FolderRights rights_from_environment(std::chrono::seconds max_age);

}  // namespace dualtrace::agent
