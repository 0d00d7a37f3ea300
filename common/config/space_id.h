// SPDX-License-Identifier: Apache-2.0
#pragma once
// Arize's space id: base64 that decodes to "Space:<number>:<letters>". The space *name* in its
// place is answered OK by Arize and stored nowhere, so we refuse it before anything is sent. Pure.

#include <string_view>

#include "common/error/result.h"

namespace dualtrace {

// The error does not repeat the text: it may be an API key in the wrong file.
Status check_space_id(std::string_view text);

}  // namespace dualtrace
