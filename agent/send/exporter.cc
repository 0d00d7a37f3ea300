// SPDX-License-Identifier: Apache-2.0
#include "agent/send/exporter.h"

#include "common/error/check.h"

namespace dualtrace::agent {

std::string_view to_string(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kDelivered:
      return "delivered";
    case OutcomeKind::kPartly:
      return "partly";
    case OutcomeKind::kRetry:
      return "retry";
    case OutcomeKind::kSplit:
      return "split";
    case OutcomeKind::kPause:
      return "pause";
    case OutcomeKind::kRefuse:
      return "refuse";
  }
  DT_CHECK(false);
}

}  // namespace dualtrace::agent
