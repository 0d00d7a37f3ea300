// SPDX-License-Identifier: Apache-2.0
#include "operator/api/secret_uses.h"

namespace dualtrace::ctl {

namespace {

void add_auth(const DatabricksAuthSpec& auth, std::vector<SecretUse>& uses) {
  if (const auto* const token = std::get_if<TokenAuth>(&auth)) {
    uses.push_back({"spec.databricks.auth.token", token->token, CredentialPart::kToken});
  }
  if (const auto* const oauth = std::get_if<OAuthAuth>(&auth)) {
    constexpr const char* kPath = "spec.databricks.auth.oauth";
    uses.push_back({kPath, oauth->client_id, CredentialPart::kClientID});
    uses.push_back({kPath, oauth->client_secret, CredentialPart::kClientSecret});
  }
}

void add_proxy_auth(const std::optional<ProxyAuth>& auth, const char* path,
                    std::vector<SecretUse>& uses) {
  if (!auth) return;
  uses.push_back({path, auth->username, CredentialPart::kProxyUsername});
  uses.push_back({path, auth->password, CredentialPart::kProxyPassword});
}

}  // namespace

std::vector<SecretUse> secrets_named_by(const DualTraceExport& wanted) {
  std::vector<SecretUse> uses;
  const auto add_ca = [&](const std::optional<CertificateAuthority>& ca, const char* path) {
    if (ca && ca->secret) uses.push_back({path, *ca->secret});
  };
  if (wanted.arize) {
    constexpr const char* kPath = "spec.arize.credentials";
    uses.push_back({kPath, wanted.arize->api_key, CredentialPart::kAPIKey});
    uses.push_back({kPath, wanted.arize->space_id, CredentialPart::kSpaceID});
    add_ca(wanted.arize->ca, "spec.arize.ca");
    add_proxy_auth(wanted.arize->proxy_auth, "spec.arize.proxyAuth", uses);
  }
  if (wanted.databricks) {
    add_auth(wanted.databricks->auth, uses);
    add_ca(wanted.databricks->ca, "spec.databricks.ca");
    add_proxy_auth(wanted.databricks->proxy_auth, "spec.databricks.proxyAuth", uses);
  }
  return uses;
}

std::vector<ConfigMapUse> config_maps_named_by(const DualTraceExport& wanted) {
  std::vector<ConfigMapUse> uses;
  const auto add = [&](const std::optional<CertificateAuthority>& ca, const char* path) {
    if (ca && ca->config_map) uses.push_back({path, *ca->config_map});
  };
  if (wanted.arize) add(wanted.arize->ca, "spec.arize.ca");
  if (wanted.databricks) add(wanted.databricks->ca, "spec.databricks.ca");
  return uses;
}

}  // namespace dualtrace::ctl
