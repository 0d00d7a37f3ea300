// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the build writes down of the checkout (cmake/version.cmake). Used by version.cc alone.
// Immutable.

#include <string_view>

namespace dualtrace {

struct Revision {
  std::string_view version;
  // With the commit and its date, as --version says it. One text: a release finds it in a program
  // that does not run on the machine that makes it (release/programs.py).
  std::string_view described;
};

extern const Revision kRevision;

}  // namespace dualtrace
