#pragma once
// Reviews: what is behind the webhook's paths: webhook/'s reviewers, over what the informers know.
// Used by Operator. Thread-safe; the informers outlive it.

#include "operator/app/informers.h"
#include "operator/app/webhook_server.h"
#include "operator/plan/plan.h"

namespace dualtrace::ctl {

[[nodiscard]] Reviews make_reviews(const Informers& informers, const Installation& installation);

}  // namespace dualtrace::ctl
