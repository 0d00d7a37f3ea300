// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/layout.h"

#include <variant>

namespace dualtrace::ctl {
namespace {

void add_authority(const std::optional<CertificateAuthority>& ca, std::string_view path,
                   std::vector<MountedFile>& files) {
  if (!ca) return;
  if (ca->secret) files.push_back({FileSource::kSecret, *ca->secret, path});
  if (ca->config_map) files.push_back({FileSource::kConfigMap, *ca->config_map, path});
}

void add_proxy_auth(const std::optional<ProxyAuth>& auth, std::string_view username_path,
                    std::string_view password_path, std::vector<MountedFile>& files) {
  if (!auth) return;
  files.push_back({FileSource::kSecret, auth->username, username_path});
  files.push_back({FileSource::kSecret, auth->password, password_path});
}

void add_auth(const TokenAuth& auth, std::vector<MountedFile>& files) {
  files.push_back({FileSource::kSecret, auth.token, kDatabricksTokenFile});
}

void add_auth(const OAuthAuth& auth, std::vector<MountedFile>& files) {
  files.push_back({FileSource::kSecret, auth.client_id, kDatabricksClientIdFile});
  files.push_back({FileSource::kSecret, auth.client_secret, kDatabricksClientSecretFile});
}

// Its token is a volume of its own (volumes.cc).
void add_auth(const WorkloadIdentityAuth& /*auth*/, std::vector<MountedFile>& /*files*/) {}

}  // namespace

std::vector<MountedFile> mounted_files(const DualTraceExport& wanted) {
  std::vector<MountedFile> files;
  if (const auto& arize = wanted.arize) {
    files.push_back({FileSource::kSecret, arize->api_key, kArizeApiKeyFile});
    files.push_back({FileSource::kSecret, arize->space_id, kArizeSpaceIdFile});
    add_authority(arize->ca, kArizeCaFile, files);
    add_proxy_auth(arize->proxy_auth, kArizeProxyUsernameFile, kArizeProxyPasswordFile, files);
  }
  if (const auto& databricks = wanted.databricks) {
    std::visit([&](const auto& auth) { add_auth(auth, files); }, databricks->auth);
    add_authority(databricks->ca, kDatabricksCaFile, files);
    add_proxy_auth(databricks->proxy_auth, kDatabricksProxyUsernameFile,
                   kDatabricksProxyPasswordFile, files);
  }
  return files;
}

const WorkloadIdentityAuth* projected_identity(const DualTraceExport& wanted) {
  if (!wanted.databricks) return nullptr;
  return std::get_if<WorkloadIdentityAuth>(&wanted.databricks->auth);
}

std::string identity_path(std::string_view file) {
  return std::string(kIdentityFolder) + "/" + std::string(file);
}

std::string credential_path(std::string_view file) {
  return std::string(kCredentialsFolder) + "/" + std::string(file);
}

}  // namespace dualtrace::ctl
