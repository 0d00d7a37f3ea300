// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "common/config/fingerprint.h"
#include "operator/plan/child.h"
#include "operator/plan/layout.h"
#include "operator/plan/names.h"
#include "operator/plan/quantity.h"

namespace dualtrace::ctl {
namespace {

// An autoscaler that removes the node evicts the agent first, even if the node has no other pods:
// the agent delivers its backlog while the node still exists. The cluster autoscaler defined the
// annotation, for pods of DaemonSets only.
constexpr std::string_view kEvictBeforeNode = "cluster-autoscaler.kubernetes.io/enable-ds-eviction";
constexpr std::string_view kRestartFingerprint = "dualtrace.dev/restart-fingerprint";
// Between the pod's termination becoming known and the signal to the agent: during this time,
// kube-proxy on the node learns to route applications to the next agent.
constexpr int64_t kPreStopSeconds = 5;
constexpr int64_t kMarginSeconds = 10;

Json mount(std::string_view volume, std::string_view path) {
  return {{"name", volume}, {"mountPath", path}};
}

Json read_only_mount(std::string_view volume, std::string_view path) {
  Json made = mount(volume, path);
  made["readOnly"] = true;
  return made;
}

Json container_port(std::string_view name, uint16_t number) {
  return {{"name", name}, {"containerPort", number}, {"protocol", "TCP"}};
}

Json probe(std::string_view path, int period_seconds, int failures) {
  constexpr int kTimeoutSeconds = 5;
  return {{"httpGet", {{"path", path}, {"port", kStatusPortName}}},
          {"periodSeconds", period_seconds},
          {"timeoutSeconds", kTimeoutSeconds},
          {"failureThreshold", failures}};
}

// Only the fields that the export sets: the platform chooses the others.
void add_context(Json& into, const SecurityContext& written) {
  if (written.run_as_user) into["runAsUser"] = *written.run_as_user;
  if (written.run_as_group) into["runAsGroup"] = *written.run_as_group;
  if (written.fs_group) into["fsGroup"] = *written.fs_group;
  if (!written.se_linux_options.is_null()) into["seLinuxOptions"] = written.se_linux_options;
  if (!written.seccomp_profile.is_null()) into["seccompProfile"] = written.seccomp_profile;
}

Json pod_security_context(const AgentSpec& agent) {
  Json context = {{"runAsNonRoot", true}, {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  if (agent.pod_security_context) {
    add_context(context, *agent.pod_security_context);
  } else {
    for (const char* name : {"runAsUser", "runAsGroup", "fsGroup"}) context[name] = kAgentUser;
  }
  return context;
}

Json container_security_context(const AgentSpec& agent) {
  Json context = {{"allowPrivilegeEscalation", false},
                  {"readOnlyRootFilesystem", true},
                  {"capabilities", {{"drop", Json::array({"ALL"})}}}};
  add_context(context, agent.security_context);
  return context;
}

std::string joined(const std::vector<std::string>& uids) {
  std::string all;
  for (const std::string& uid : uids) all += (all.empty() ? "" : ",") + uid;
  return all;
}

Json container(const DualTraceExport& wanted, const Installation& installation,
               std::string_view name) {
  return {{"name", name},
          {"image", wanted.agent.image.value_or(installation.agent_image)},
          {"imagePullPolicy", wanted.agent.image_pull_policy},
          {"resources", canonical_resources(wanted.agent.resources)},
          {"securityContext", container_security_context(wanted.agent)},
          {"terminationMessagePolicy", "FallbackToLogsOnError"}};
}

Json agent_container(const DualTraceExport& wanted, const Installation& installation) {
  Json agent = container(wanted, installation, "agent");
  agent["args"] = {"--config", std::string(kConfigFolder) + "/" + std::string(kConfigFile)};
  // Not in the configuration: agents of the previous release read it, too, and they reject keys
  // that they do not know.
  agent["env"] = Json::array({{{"name", kExportUidVariable}, {"value", wanted.uid}}});
  if (!wanted.delivery.adopt_from.empty()) {
    agent["env"].push_back(
        {{"name", kAdoptFromVariable}, {"value", joined(wanted.delivery.adopt_from)}});
  }
  // parse_export() rejects variables with our names.
  for (const Json& variable : wanted.agent.env) agent["env"].push_back(variable);
  agent["ports"] = Json::array({container_port(kOtlpGrpcPortName, kOtlpGrpcPort),
                                container_port(kOtlpHttpPortName, kOtlpHttpPort),
                                container_port(kStatusPortName, kStatusPort)});
  agent["startupProbe"] = probe("/livez", 2, 60);
  agent["livenessProbe"] = probe("/livez", 10, 6);
  // If clients can reach another node, an agent that cannot store spans becomes not ready, which
  // sends them there. If they cannot, it stays their endpoint and answers with its delay hint, so
  // that they get an answer at all.
  const bool falls_back = falls_back_to_other_nodes(wanted.agent, installation);
  agent["readinessProbe"] = probe(falls_back ? "/readyz" : "/readyz/receiver", 5, 2);
  agent["lifecycle"] = {{"preStop", {{"sleep", {{"seconds", kPreStopSeconds}}}}}};
  agent["volumeMounts"] = Json::array({read_only_mount("config", kConfigFolder)});
  // A workload identity alone needs no Secret.
  if (!mounted_files(wanted).empty()) {
    agent["volumeMounts"].push_back(read_only_mount("credentials", kCredentialsFolder));
  }
  agent["volumeMounts"].push_back(mount("data", kDataFolder));
  if (projected_identity(wanted) != nullptr) {
    agent["volumeMounts"].push_back(read_only_mount("identity", kIdentityFolder));
  }
  return agent;
}

// The owner of the node's folder: the agent's own user. parse_export() ensures that it is known.
std::string owner(const AgentSpec& agent) {
  const SecurityContext pod = agent.pod_security_context.value_or(SecurityContext{});
  const SecurityContext& own = agent.security_context;
  const int64_t user = own.run_as_user.value_or(pod.run_as_user.value_or(kAgentUser));
  const int64_t group = own.run_as_group.value_or(pod.run_as_group.value_or(user));
  return std::to_string(user) + ":" + std::to_string(group);
}

// The kubelet creates the node's folder as root, and fsGroup does not apply to a hostPath. This
// container hands the folder over to the agent's user, and can do nothing else.
Json prepare_container(const DualTraceExport& wanted, const Installation& installation) {
  Json prepare = container(wanted, installation, "prepare");
  prepare["args"] = {"prepare-folder", "--folder", kDataFolder, "--owner", owner(wanted.agent)};
  Json& security = prepare["securityContext"];
  security["runAsUser"] = 0;
  security["runAsGroup"] = 0;
  security["runAsNonRoot"] = false;
  security["capabilities"]["add"] = Json::array({"CHOWN"});
  prepare["volumeMounts"] = Json::array({mount("data", kDataFolder)});
  return prepare;
}

// Agents are built for Linux; they could not run on any other node.
Json node_selector(const AgentSpec& agent) {
  Json selector = {{"kubernetes.io/os", "linux"}};
  if (agent.node_selector.is_object()) selector.update(agent.node_selector);
  return selector;
}

int64_t grace_period_seconds(const AgentConfig& config) {
  return kPreStopSeconds + std::chrono::ceil<std::chrono::seconds>(config.drain_timeout).count() +
         kMarginSeconds;
}

Json pod_spec(const DualTraceExport& wanted, const AgentConfig& config,
              const Installation& installation) {
  const AgentSpec& agent = wanted.agent;
  Json spec = {{"serviceAccountName", child_name(wanted.key.name)},
               {"automountServiceAccountToken", false},
               {"enableServiceLinks", false},
               {"terminationGracePeriodSeconds", grace_period_seconds(config)},
               {"securityContext", pod_security_context(agent)},
               {"nodeSelector", node_selector(agent)},
               {"containers", Json::array({agent_container(wanted, installation)})},
               {"volumes", pod_volumes(wanted, config)}};
  if (wanted.delivery.storage == Storage::kHostPath) {
    spec["initContainers"] = Json::array({prepare_container(wanted, installation)});
  }
  if (!agent.image_pull_secrets.empty()) spec["imagePullSecrets"] = agent.image_pull_secrets;
  // Pods that tolerate a taint are injected, too, so each node that may run them needs an agent.
  static const Json kEveryNode = Json::array({{{"operator", "Exists"}, {"effect", "NoSchedule"}}});
  const Json& tolerations = agent.tolerations ? *agent.tolerations : kEveryNode;
  if (!tolerations.empty()) spec["tolerations"] = tolerations;
  if (!agent.affinity.is_null()) spec["affinity"] = agent.affinity;
  if (agent.priority_class_name) spec["priorityClassName"] = *agent.priority_class_name;
  return spec;
}

// A mesh proxy would intercept the agent's connections and delay its shutdown: agents speak TLS
// themselves, and applications reach them in plain text. Exports can override these labels.
Json pod_labels(const DualTraceExport& wanted) {
  Json labels = {{"sidecar.istio.io/inject", "false"},  // Istio with sidecars
                 {"istio.io/dataplane-mode", "none"}};  // Istio's ambient mode
  labels.update(labels_of(wanted));
  return labels;
}

Json pod_annotations(const DualTraceExport& wanted, const AgentConfig& config) {
  Json annotations = {{"sidecar.istio.io/inject", "false"},  // for older versions of Istio
                      {"linkerd.io/inject", "disabled"}};
  const auto label = wanted.agent.labels.find("sidecar.istio.io/inject");
  if (label != wanted.agent.labels.end()) annotations["sidecar.istio.io/inject"] = label->second;
  annotations[std::string(kEvictBeforeNode)] = "true";
  annotations.update(Json(wanted.agent.annotations));
  annotations[std::string(kRestartFingerprint)] = restart_fingerprint(config);
  return annotations;
}

}  // namespace

// A change here rolls out the pods. The configuration is included only by a fingerprint of the
// settings that a running agent cannot reload, and the contents of Secrets never are.
Json pod_template(const DualTraceExport& wanted, const AgentConfig& config,
                  const Installation& installation) {
  return {{"metadata",
           {{"labels", pod_labels(wanted)}, {"annotations", pod_annotations(wanted, config)}}},
          {"spec", pod_spec(wanted, config, installation)}};
}

}  // namespace dualtrace::ctl
