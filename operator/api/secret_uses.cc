#include "operator/api/secret_uses.h"

namespace dualtrace::ctl {

std::vector<SecretUse> secrets_named_by(const DualTraceExport& wanted) {
  std::vector<SecretUse> uses;
  const auto add_ca = [&](const std::optional<CertificateAuthority>& ca, const char* path) {
    if (ca && ca->secret) uses.push_back({path, *ca->secret});
  };
  if (wanted.arize) {
    uses.push_back({"spec.arize.credentials", wanted.arize->api_key});
    uses.push_back({"spec.arize.credentials", wanted.arize->space_id, true});
    add_ca(wanted.arize->ca, "spec.arize.ca");
  }
  if (wanted.databricks) {
    uses.push_back({"spec.databricks.auth.token", wanted.databricks->token});
    add_ca(wanted.databricks->ca, "spec.databricks.ca");
  }
  return uses;
}

}  // namespace dualtrace::ctl
