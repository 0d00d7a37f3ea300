// SPDX-License-Identifier: Apache-2.0
#pragma once
// Globs, as the installation writes them to say what exports may ask for: "*" stands for any text
// within one part of a name (a host's label, a component of a path), "**" for any text at all.
// Nothing else is special. Pure.

#include <string_view>

namespace dualtrace::ctl {

// `separator` ends a part; 0: there is none, and both stars are the same.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text, char separator);

}  // namespace dualtrace::ctl
