// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the build writes down of the checkout (cmake/version.cmake). Used by version.cc alone.
// Immutable.

#include <string_view>

namespace dualtrace {

struct Revision {
  std::string_view version;
  std::string_view commit;
  std::string_view date;  // of the commit, in UTC
};

extern const Revision kRevision;

}  // namespace dualtrace
