// SPDX-License-Identifier: Apache-2.0
#pragma once
// The options --permit-…: what exports may ask for (operator/api/permissions.h). Lists have commas
// between their entries; "none" permits nothing of its kind. docs/security.md explains them.
// Used from one thread.

#include "operator/api/permissions.h"

namespace CLI {
class App;
}

namespace dualtrace::ctl {

// `permissions` has the defaults, and outlives the parsing.
void add_permissions(CLI::App& line, Permissions& permissions);

}  // namespace dualtrace::ctl
