// SPDX-License-Identifier: Apache-2.0
#include "operator/app/secret_lookup.h"

#include "operator/reconcile/secrets.h"

namespace dualtrace::ctl {

std::optional<bool> SecretLookup::has(const kube::ObjectKey& secret, Tick wait_until) const {
  if (clock_.tick() >= wait_until) {
    count("unasked");
    return std::nullopt;
  }
  const auto found = read_secret(api_, secret, kube::Form::kMetadata, metrics_);
  if (found) {
    count("found");
    return true;
  }
  if (found.error().kind == ErrorKind::kNotFound) {
    count("missing");
    return false;
  }
  count(found.error().kind == ErrorKind::kDenied ? "denied" : "failed");
  return std::nullopt;
}

void SecretLookup::count(const char* result) const {
  metrics_
      .counter("dualtrace_operator_webhook_secret_lookups_total",
               "Secrets looked up during admission of an export", {{"result", result}})
      .increment();
}

}  // namespace dualtrace::ctl
