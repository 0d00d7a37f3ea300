// SPDX-License-Identifier: Apache-2.0
#pragma once
// Texts of a status: short lists and short messages, so that the status of a thousand nodes is no
// longer than that of five.
// Pure.

#include <cstddef>
#include <string>
#include <vector>

#include "common/report/report.h"

namespace dualtrace::ctl {

inline constexpr size_t kNamesTold = 5;

// "a, b, c, d, e and 7 more"; each name once, in the given order.
[[nodiscard]] std::string name_list(const std::vector<std::string>& names);
// The first kNamesTold of them, for lists in the status with one entry for each.
[[nodiscard]] std::vector<std::string> first_names(std::vector<std::string> names);
using report::cut;

}  // namespace dualtrace::ctl
