// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the build records about the checkout (cmake/version.cmake). Used by version.cc alone.
// Immutable.

#include <string_view>

namespace dualtrace {

struct Revision {
  std::string_view version;
  // With the commit and its date, as printed by --version. A single string, so that a release can
  // find it in a program that cannot run on the build machine (release/programs.py).
  std::string_view described;
};

extern const Revision kRevision;

}  // namespace dualtrace
