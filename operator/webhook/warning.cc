// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/warning.h"

#include <algorithm>

namespace dualtrace::ctl {
namespace {

constexpr size_t kMessagesBytesMax = size_t{4} * 1024;

}  // namespace

std::string warned_text(const PodWarnings& warnings) {
  std::vector<std::string_view> reasons;
  std::string messages;
  bool all = true;
  for (const auto& [reason, message] : warnings) {
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
      reasons.push_back(reason);
    }
    all = all && messages.size() + message.size() <= kMessagesBytesMax;
    if (all) messages += (messages.empty() ? "" : "; ") + message;
  }
  std::string text;
  for (const std::string_view reason : reasons) {
    text.append(text.empty() ? "" : ",").append(reason);
  }
  if (text.empty()) return text;
  return text + ": " + messages + (all ? "" : "; and more");
}

}  // namespace dualtrace::ctl
