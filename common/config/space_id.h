// SPDX-License-Identifier: Apache-2.0
#pragma once
// Arize's space id: base64 that decodes to "Space:<number>:<letters>". With the space *name* in its
// place, Arize answers OK but stores nothing, so the name is refused before anything is sent. Pure.

#include <string_view>

#include "common/error/result.h"

namespace dualtrace {

// The error does not contain the text, which may be an API key in the wrong file.
Status check_space_id(std::string_view text);

}  // namespace dualtrace
