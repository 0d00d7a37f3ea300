// SPDX-License-Identifier: Apache-2.0
#pragma once
// What Kubernetes itself demands of the texts that an export passes on to it: names, keys, labels,
// quantities of processors. The errors say what was expected and never repeat the text.
// Pure.

#include <cstdint>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::ctl {

// Of a Secret, a ConfigMap, a priority class: a DNS subdomain.
Status check_object_name(std::string_view text);
// Of a value in a Secret or ConfigMap.
Status check_data_key(std::string_view text);
// Of labels and taints: "name" or "prefix.example/name".
Status check_label_name(std::string_view text);
Status check_label_value(std::string_view text);
// Of a projected ServiceAccount token: anything printable, but not the API server's own, for which
// such a token would be a key to it.
Status check_audience(std::string_view text);
// The metadata.uid of an object.
Status check_uid(std::string_view text);
Status check_image(std::string_view text);
// Of an environment variable.
Status check_variable_name(std::string_view text);
// Of labels and annotations of an export's own choice: those that the operator sets are not.
Status check_not_reserved(std::string_view name);
// Of nodes, as a DaemonSet counts them: "3", "10%".
Status check_count_or_percent(std::string_view text);
// Processors, in thousandths: "50m", "2", "0.5".
Result<uint64_t> parse_cpu(std::string_view text);

}  // namespace dualtrace::ctl
