// SPDX-License-Identifier: Apache-2.0
#pragma once
// Owner: which export this agent belongs to, from the environment that the operator sets in its
// pods:
//   DUALTRACE_EXPORT_UID  metadata.uid of the export; without it the agent adopts every journal
//   DUALTRACE_ADOPT_FROM  uids, separated by commas, whose journals are handed over to this export
// This does not come from the configuration, because agents of the previous release also read it
// and refuse unknown keys.
// Used from one thread.

#include <chrono>

#include "agent/journal/folder_mark.h"

namespace dualtrace::agent {

[[nodiscard]] FolderRights rights_from_environment(std::chrono::seconds max_age);

}  // namespace dualtrace::agent
