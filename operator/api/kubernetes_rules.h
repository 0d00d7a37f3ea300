// SPDX-License-Identifier: Apache-2.0
#pragma once
// Kubernetes' own rules for the texts that an export passes on to it: names, keys, labels, CPU
// quantities. Errors state what was expected and never repeat the text.
// Pure.

#include <cstdint>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::ctl {

// The name of a Secret, a ConfigMap or a priority class: a DNS subdomain.
Status check_object_name(std::string_view text);
// The key of a value in a Secret or ConfigMap.
Status check_data_key(std::string_view text);
// Names and values of labels and taints: a name is "name" or "prefix.example/name".
Status check_label_name(std::string_view text);
Status check_label_value(std::string_view text);
// The audience of a projected ServiceAccount token: anything printable except the API server's own,
// because such a token would give access to the API server.
Status check_audience(std::string_view text);
// The metadata.uid of an object.
Status check_uid(std::string_view text);
Status check_image(std::string_view text);
// The name of an environment variable.
Status check_variable_name(std::string_view text);
// Names of labels and annotations that an export sets: the operator's own are reserved.
Status check_not_reserved(std::string_view name);
// A number of nodes, as in a DaemonSet: "3", "10%".
Status check_count_or_percent(std::string_view text);
// A CPU quantity, in thousandths: "50m", "2", "0.5".
Result<uint64_t> parse_cpu(std::string_view text);

}  // namespace dualtrace::ctl
