// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parses the texts of configuration values: durations (200ms, 1h30m), sizes as Kubernetes
// quantities (64Mi, 4Gi, 3900k, plain bytes), counts and addresses. Errors state what was expected
// and never contain the text, which may be a misplaced secret. Pure.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "common/error/result.h"
#include "common/io/disk_share.h"
#include "common/net/url.h"

namespace dualtrace {

// Whole numbers with ms, s, m or h, larger units first, each at most once.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// The same without ms.
Result<std::chrono::seconds> parse_seconds(std::string_view text);
// A decimal number with Ki Mi Gi Ti Pi, k M G T P or no unit; the result must be whole bytes.
Result<uint64_t> parse_size(std::string_view text);
// A size of at most 64Ti, or a whole percentage from 0% to 90%.
Result<DiskShare> parse_disk_share(std::string_view text);
Result<uint64_t> parse_count(std::string_view text);
// An IP address and a port, for sockets to listen on.
Result<HostPort> parse_address(std::string_view text);

}  // namespace dualtrace
