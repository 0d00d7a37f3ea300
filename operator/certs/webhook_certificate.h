// SPDX-License-Identifier: Apache-2.0
#pragma once
// Makes the webhook's certificates: sets their names and restricts them to servers. Pure, except
// for randomness.

#include "common/certs/certificate.h"

namespace dualtrace::ctl {

[[nodiscard]] Result<Authority> make_webhook_authority(WallTime now, Duration life);
[[nodiscard]] Result<Leaf> issue_webhook_leaf(const Authority& authority,
                                              const std::vector<std::string>& hosts, WallTime now,
                                              Duration life);

}  // namespace dualtrace::ctl
