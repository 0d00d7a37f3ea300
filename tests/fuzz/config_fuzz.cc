// SPDX-License-Identifier: Apache-2.0
// Whatever the file contains, the result is a config that meets its contract, or a list of faults.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/config/agent_config.h"
#include "common/config/space_id.h"
#include "common/error/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto [config, faults] = dualtrace::parse_agent_config(input, "/etc/dualtrace");
  DT_CHECK(config.has_value() == faults.empty());
  if (config) {
    DT_CHECK(config->arize || config->databricks);
    DT_CHECK(!config->receiver.listen.empty());
    DT_CHECK(config->delivery.segment_bytes > config->receiver.limits.request_bytes);
    DT_CHECK(config->delivery.batch_bytes_max >= config->delivery.batch_bytes);
  }
  dualtrace::ignore(dualtrace::check_space_id(input), "only that it returns");
  return 0;
}
