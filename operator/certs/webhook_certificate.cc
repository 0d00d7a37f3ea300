// SPDX-License-Identifier: Apache-2.0
#include "operator/certs/webhook_certificate.h"

namespace dualtrace::ctl {

Result<Authority> make_webhook_authority(WallTime now, Duration life) {
  return dualtrace::make_authority("dualtrace-operator webhook authority", now, life);
}

Result<Leaf> issue_webhook_leaf(const Authority& authority, const std::vector<std::string>& hosts,
                                WallTime now, Duration life) {
  return issue(authority,
               {.name = "dualtrace-operator webhook", .hosts = hosts, .usage = "serverAuth"}, now,
               life);
}

}  // namespace dualtrace::ctl
