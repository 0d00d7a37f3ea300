// SPDX-License-Identifier: Apache-2.0
#include "common/report/words.h"

namespace dualtrace::report {

std::string_view title(Destination destination) {
  switch (destination) {
    case Destination::kArize:
      return "Arize";
    case Destination::kDatabricks:
      return "Databricks";
  }
  return {};
}

}  // namespace dualtrace::report
