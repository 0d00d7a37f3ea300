// SPDX-License-Identifier: Apache-2.0
#include "agent/app/owner.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace dualtrace::agent {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

FolderRights rights_from_environment(std::chrono::seconds max_age) {
  FolderRights rights{
      .mine = {.uid = std::string(variable("DUALTRACE_EXPORT_UID")), .max_age = max_age},
      .handed_over = {}};
  std::string_view rest = variable("DUALTRACE_ADOPT_FROM");
  while (!rest.empty()) {
    const std::string_view uid = rest.substr(0, rest.find(','));
    if (!uid.empty()) rights.handed_over.emplace_back(uid);
    rest.remove_prefix(std::min(uid.size() + 1, rest.size()));
  }
  return rights;
}

}  // namespace dualtrace::agent
