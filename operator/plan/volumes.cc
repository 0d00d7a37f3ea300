// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "operator/plan/child.h"
#include "operator/plan/data_bytes.h"
#include "operator/plan/layout.h"
#include "operator/plan/names.h"
#include "operator/plan/quantity.h"

namespace dualtrace::ctl {
namespace {

// Readable by the pod's group, which the agent is in. If the platform chooses the group, it may
// choose none, and the agent is then only in root's group. Only this pod sees its volumes.
int credential_mode(const AgentSpec& agent) {
  constexpr int kByTheGroup = 0440;
  constexpr int kByAll = 0444;
  const auto& context = agent.pod_security_context;
  return !context || context->fs_group ? kByTheGroup : kByAll;
}

std::string_view source_name(FileSource source) {
  return source == FileSource::kSecret ? "secret" : "configMap";
}

// Only the named keys. Optional, because a missing Secret must not keep the agent from receiving
// spans and delivering them to the other destination; the kubelet adds it once it exists.
Json projected_sources(const DualTraceExport& wanted) {
  Json sources = Json::array();
  for (const MountedFile& file : mounted_files(wanted)) {
    const std::string kind(source_name(file.source));
    const Json item = {{"key", file.reference.key}, {"path", file.path}};
    const auto same = std::find_if(sources.begin(), sources.end(), [&](const Json& source) {
      return text_at(source, {kind, "name"}) == file.reference.name;
    });
    if (same != sources.end()) {
      (*same)[kind]["items"].push_back(item);
    } else {
      sources.push_back(
          {{kind,
            {{"name", file.reference.name}, {"optional", true}, {"items", Json::array({item})}}}});
    }
  }
  return sources;
}

// parse_export() rejects the API server's own audience: the token does not authenticate agents to
// the API server.
Json identity_volume(const WorkloadIdentityAuth& identity, int mode) {
  const Json token = {{"path", kDatabricksIdentityFile},
                      {"audience", identity.audience},
                      {"expirationSeconds", identity.expiration_seconds}};
  return {{"name", "identity"},
          {"projected",
           {{"defaultMode", mode}, {"sources", Json::array({{{"serviceAccountToken", token}}})}}}};
}

Json data_volume(const DualTraceExport& wanted, const AgentConfig& config) {
  if (wanted.delivery.storage == Storage::kEmptyDir) {
    return {{"name", "data"}, {"emptyDir", {{"sizeLimit", quantity(data_bytes_max(config))}}}};
  }
  const std::string path = std::string(kDataFolder) + "/" + wanted.key.namespace_name + "/" +
                           child_name(wanted.key.name);
  return {{"name", "data"}, {"hostPath", {{"path", path}, {"type", "DirectoryOrCreate"}}}};
}

}  // namespace

Json pod_volumes(const DualTraceExport& wanted, const AgentConfig& config) {
  const int mode = credential_mode(wanted.agent);
  Json volumes =
      Json::array({{{"name", "config"}, {"configMap", {{"name", child_name(wanted.key.name)}}}}});
  if (Json sources = projected_sources(wanted); !sources.empty()) {
    volumes.push_back({{"name", "credentials"},
                       {"projected", {{"defaultMode", mode}, {"sources", std::move(sources)}}}});
  }
  volumes.push_back(data_volume(wanted, config));
  if (const auto* const identity = projected_identity(wanted)) {
    volumes.push_back(identity_volume(*identity, mode));
  }
  return volumes;
}

}  // namespace dualtrace::ctl
