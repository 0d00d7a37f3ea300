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

std::string cut(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  size_t end = bytes_max;
  while (end > 0 && continues(text[end])) --end;
  return std::string(text.substr(0, end));
}

}  // namespace dualtrace::ctl
