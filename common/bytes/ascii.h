// SPDX-License-Identifier: Apache-2.0
#pragma once
// Classes of ASCII characters, independent of the locale. Used wherever texts from outside are
// checked or shown. Pure. Thread-safe.

namespace dualtrace {

// Line breaks and tabs, too. Bytes of UTF-8 beyond ASCII are not.
[[nodiscard]] constexpr bool is_control(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }

}  // namespace dualtrace
