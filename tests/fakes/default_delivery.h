// SPDX-License-Identifier: Apache-2.0
#pragma once
// default_delivery(): the defaults of delivery.* in the configuration, for tests and the
// simulation.

#include "common/config/agent_config.h"

namespace dualtrace {

inline DeliveryConfig default_delivery() {
  const ConfigOrFaults parsed = parse_agent_config(
      "arize: {region: US, credentials: {apiKeyFile: key, spaceIDFile: space}}", "/");
  return parsed.config.value().delivery;
}

}  // namespace dualtrace
