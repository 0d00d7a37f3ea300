// SPDX-License-Identifier: Apache-2.0
#include "operator/status/text.h"

#include <algorithm>
#include <set>

namespace dualtrace::ctl {

std::string name_list(const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  std::string list;
  for (const std::string& name : names) {
    if (!seen.insert(name).second || seen.size() > kNamesTold) continue;
    list += (list.empty() ? "" : ", ") + name;
  }
  const size_t untold = seen.size() - std::min(seen.size(), kNamesTold);
  return untold == 0 ? list : list + " and " + std::to_string(untold) + " more";
}

std::vector<std::string> first_names(std::vector<std::string> names) {
  if (names.size() > kNamesTold) names.resize(kNamesTold);
  return names;
}

}  // namespace dualtrace::ctl
