// SPDX-License-Identifier: Apache-2.0
#pragma once
// Globs, with which the installation limits what exports may request: "*" matches any text within
// one part of a name (a host's label, a component of a path), "**" matches any text. Nothing else
// is special. Pure.

#include <string_view>

namespace dualtrace::ctl {

// `separator` ends a part; 0: there is none, and "*" and "**" are the same.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text, char separator);

}  // namespace dualtrace::ctl
