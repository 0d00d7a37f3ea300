// SPDX-License-Identifier: Apache-2.0
#pragma once
// The options --permit-…: what exports may request (operator/api/permissions.h). Entries of lists
// are separated by commas; "none" permits nothing of the kind. docs/security.md explains the
// options.
// Used from one thread.

#include "operator/api/permissions.h"

namespace CLI {
class App;
}

namespace dualtrace::ctl {

// `permissions` contains the defaults and outlives the parsing.
void add_permissions(CLI::App& line, Permissions& permissions);

}  // namespace dualtrace::ctl
