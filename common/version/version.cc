// SPDX-License-Identifier: Apache-2.0
#include "common/version/version.h"

#include "common/version/revision.h"

namespace dualtrace {

std::string_view version() { return kRevision.version; }

std::string version_line(std::string_view program) {
  std::string line(program);
  line.append(" ").append(kRevision.described);
  return line;
}

}  // namespace dualtrace
