#include "operator/plan/layout.h"

namespace dualtrace::ctl {
namespace {

void add_authority(const std::optional<CertificateAuthority>& ca, std::string_view path,
                   std::vector<MountedFile>& files) {
  if (!ca) return;
  if (ca->secret) files.push_back({FileSource::kSecret, *ca->secret, path});
  if (ca->config_map) files.push_back({FileSource::kConfigMap, *ca->config_map, path});
}

}  // namespace

std::vector<MountedFile> mounted_files(const DualTraceExport& wanted) {
  std::vector<MountedFile> files;
  if (const auto& arize = wanted.arize) {
    files.push_back({FileSource::kSecret, arize->api_key, kArizeApiKeyFile});
    files.push_back({FileSource::kSecret, arize->space_id, kArizeSpaceIdFile});
    add_authority(arize->ca, kArizeCaFile, files);
  }
  if (const auto& databricks = wanted.databricks) {
    files.push_back({FileSource::kSecret, databricks->token, kDatabricksTokenFile});
    add_authority(databricks->ca, kDatabricksCaFile, files);
  }
  return files;
}

std::string credential_path(std::string_view file) {
  return std::string(kCredentialsFolder) + "/" + std::string(file);
}

}  // namespace dualtrace::ctl
