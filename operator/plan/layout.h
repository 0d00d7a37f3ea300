// SPDX-License-Identifier: Apache-2.0
#pragma once
// Layout: paths, ports and names inside an agent's pod and on its node. The configuration and the
// pod are planned separately and share these.
// Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/dual_trace_export.h"

namespace dualtrace::ctl {

inline constexpr std::string_view kConfigFolder = "/etc/dualtrace/config";
inline constexpr std::string_view kConfigFile = "agent.yaml";
inline constexpr std::string_view kCredentialsFolder = "/etc/dualtrace/credentials";
// Separate from the credentials: a token that Kubernetes cannot renew does not delay Secrets.
inline constexpr std::string_view kIdentityFolder = "/etc/dualtrace/identity";
inline constexpr std::string_view kDataFolder = "/var/lib/dualtrace";

// Tell the agent whose journals it may deliver (agent/app/owner.h).
inline constexpr std::string_view kExportUidVariable = "DUALTRACE_EXPORT_UID";
inline constexpr std::string_view kAdoptFromVariable = "DUALTRACE_ADOPT_FROM";

inline constexpr uint16_t kOtlpGrpcPort = 4317;
inline constexpr uint16_t kOtlpHttpPort = 4318;
inline constexpr uint16_t kStatusPort = 8888;
inline constexpr std::string_view kOtlpGrpcPortName = "otlp-grpc";
inline constexpr std::string_view kOtlpHttpPortName = "otlp-http";
inline constexpr std::string_view kStatusPortName = "status";

inline constexpr int64_t kAgentUser = 65532;  // "nonroot" of common base images

// Below kCredentialsFolder.
inline constexpr std::string_view kArizeApiKeyFile = "arize/api-key";
inline constexpr std::string_view kArizeSpaceIdFile = "arize/space-id";
inline constexpr std::string_view kArizeCaFile = "arize/ca.crt";
inline constexpr std::string_view kArizeProxyUsernameFile = "arize/proxy-username";
inline constexpr std::string_view kArizeProxyPasswordFile = "arize/proxy-password";
inline constexpr std::string_view kDatabricksTokenFile = "databricks/token";
inline constexpr std::string_view kDatabricksClientIdFile = "databricks/client-id";
inline constexpr std::string_view kDatabricksClientSecretFile = "databricks/client-secret";
inline constexpr std::string_view kDatabricksCaFile = "databricks/ca.crt";
inline constexpr std::string_view kDatabricksProxyUsernameFile = "databricks/proxy-username";
inline constexpr std::string_view kDatabricksProxyPasswordFile = "databricks/proxy-password";

// Below kIdentityFolder.
inline constexpr std::string_view kDatabricksIdentityFile = "databricks-token";

enum class FileSource { kSecret, kConfigMap };

// A key of a Secret or ConfigMap and the file that it becomes.
struct MountedFile {
  FileSource source = FileSource::kSecret;
  KeyReference reference;
  std::string_view path;  // below kCredentialsFolder
};
[[nodiscard]] std::vector<MountedFile> mounted_files(const DualTraceExport& wanted);

// The projected token that agents exchange; nullptr if the export asks for none.
[[nodiscard]] const WorkloadIdentityAuth* projected_identity(const DualTraceExport& wanted);

[[nodiscard]] std::string credential_path(std::string_view file);
[[nodiscard]] std::string identity_path(std::string_view file);

}  // namespace dualtrace::ctl
