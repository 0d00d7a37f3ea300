// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_response.h"

namespace dualtrace {

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace dualtrace
