// SPDX-License-Identifier: Apache-2.0
#pragma once
// The years that times from outside may have, such as those of reports, certificates and tokens:
// within the range of WallTime, and close enough for the difference of two to be a Duration, which
// is at most 292 years. Pure.

namespace dualtrace {

inline constexpr int kFirstYear = 1950;
inline constexpr int kLastYear = 2200;

}  // namespace dualtrace
