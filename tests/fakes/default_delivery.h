// SPDX-License-Identifier: Apache-2.0
#pragma once
// default_delivery(): delivery.* of a configuration that sets none of it, for tests and the
// simulation of what a configuration decides.

#include "common/config/agent_config.h"

namespace dualtrace {

inline DeliveryConfig default_delivery() {
  const ConfigOrFaults parsed = parse_agent_config(
      "arize: {region: US, credentials: {apiKeyFile: key, spaceIDFile: space}}", "/");
  return parsed.config.value().delivery;
}

}  // namespace dualtrace
