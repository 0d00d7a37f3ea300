// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "operator/status/conditions.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

using CannotRun = NodesFact::CannotRun;

constexpr size_t kReasonsTold = 3;
constexpr size_t kMessageBytesMax = 256;

}  // namespace

// Groups nodes by the reason that the agent cannot run there: five hundred nodes share one or two.
std::string cannot_run_told(const NodesFact& nodes) {
  std::vector<std::string_view> reasons;
  for (const CannotRun& one : nodes.cannot_run) {
    if (std::find(reasons.begin(), reasons.end(), one.reason) == reasons.end()) {
      reasons.push_back(one.reason);
    }
  }
  std::string text;
  for (size_t i = 0; i < std::min(reasons.size(), kReasonsTold); ++i) {
    std::vector<std::string> names;
    std::string_view message;
    for (const CannotRun& one : nodes.cannot_run) {
      if (one.reason != reasons[i]) continue;
      if (message.empty()) message = one.message;
      names.push_back(one.node);
    }
    text += (text.empty() ? "" : "; ") + name_list(names) +
            " cannot run it: " + std::string(reasons[i]);
    if (!message.empty()) text += ": " + cut(message, kMessageBytesMax);
  }
  return text;
}

}  // namespace dualtrace::ctl
