#include <chrono>

#include "common/config/fingerprint.h"
#include "operator/plan/child.h"
#include "operator/plan/layout.h"
#include "operator/plan/names.h"
#include "operator/plan/quantity.h"

namespace dualtrace::ctl {
namespace {

// An autoscaler that removes the node evicts the agent first, of a node without other pods as well:
// the agent delivers what it has while the node is still there. The rule is about a DaemonSet's
// pods alone, and its name is the cluster autoscaler's.
constexpr std::string_view kEvictBeforeNode = "cluster-autoscaler.kubernetes.io/enable-ds-eviction";
constexpr std::string_view kRestartFingerprint = "dualtrace.dev/restart-fingerprint";
// Between the pod's end being known and the signal to the agent: in this time the node's proxies
// learn to lead applications to the next one.
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
          {"securityContext",
           {{"allowPrivilegeEscalation", false},
            {"readOnlyRootFilesystem", true},
            {"capabilities", {{"drop", Json::array({"ALL"})}}}}},
          {"terminationMessagePolicy", "FallbackToLogsOnError"}};
}

Json agent_container(const DualTraceExport& wanted, const Installation& installation) {
  Json agent = container(wanted, installation, "agent");
  agent["args"] = {"--config", std::string(kConfigFolder) + "/" + std::string(kConfigFile)};
  // Not in the configuration, which reaches the agents of the release before, too, and those refuse
  // what they do not know.
  agent["env"] = Json::array({{{"name", kExportUidVariable}, {"value", wanted.uid}}});
  if (!wanted.delivery.adopt_from.empty()) {
    agent["env"].push_back(
        {{"name", kAdoptFromVariable}, {"value", joined(wanted.delivery.adopt_from)}});
  }
  agent["ports"] = Json::array({container_port(kOtlpGrpcPortName, kOtlpGrpcPort),
                                container_port(kOtlpHttpPortName, kOtlpHttpPort),
                                container_port(kStatusPortName, kStatusPort)});
  agent["startupProbe"] = probe("/livez", 2, 60);
  agent["livenessProbe"] = probe("/livez", 10, 6);
  // Where clients can go to another node, an agent that cannot store sends them there. Where they
  // cannot, it stays their endpoint and answers with its delay hint, rather than nobody.
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

// The node's folder is made by the kubelet and belongs to root; fsGroup does not change a hostPath.
// So this gives it to the agent, and can do nothing else.
Json prepare_container(const DualTraceExport& wanted, const Installation& installation) {
  Json prepare = container(wanted, installation, "prepare");
  const std::string user = std::to_string(kAgentUser);
  prepare["args"] = {"prepare-folder", "--folder", kDataFolder, "--owner", user + ":" + user};
  Json& security = prepare["securityContext"];
  security["runAsUser"] = 0;
  security["runAsGroup"] = 0;
  security["runAsNonRoot"] = false;
  security["capabilities"]["add"] = Json::array({"CHOWN"});
  prepare["volumeMounts"] = Json::array({mount("data", kDataFolder)});
  return prepare;
}

// Agents are built for Linux; a node of another kind would only ever fail to run one.
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
               {"securityContext",
                {{"runAsNonRoot", true},
                 {"runAsUser", kAgentUser},
                 {"runAsGroup", kAgentUser},
                 {"fsGroup", kAgentUser},
                 {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
               {"nodeSelector", node_selector(agent)},
               {"containers", Json::array({agent_container(wanted, installation)})},
               {"volumes", pod_volumes(wanted, config)}};
  if (wanted.delivery.storage == Storage::kHostPath) {
    spec["initContainers"] = Json::array({prepare_container(wanted, installation)});
  }
  if (!agent.image_pull_secrets.empty()) spec["imagePullSecrets"] = agent.image_pull_secrets;
  // Pods that tolerate a taint are injected, too: so each node that may have them has an agent.
  static const Json kEveryNode = Json::array({{{"operator", "Exists"}, {"effect", "NoSchedule"}}});
  const Json& tolerations = agent.tolerations ? *agent.tolerations : kEveryNode;
  if (!tolerations.empty()) spec["tolerations"] = tolerations;
  if (agent.priority_class_name) spec["priorityClassName"] = *agent.priority_class_name;
  return spec;
}

}  // namespace

// What changes here rolls the pods. Of the configuration that is only what a running agent cannot
// take over, through its fingerprint; contents of Secrets never.
Json pod_template(const DualTraceExport& wanted, const AgentConfig& config,
                  const Installation& installation) {
  return {{"metadata",
           {{"labels", child_labels(wanted.key.name)},
            {"annotations",
             {{std::string(kEvictBeforeNode), "true"},
              {std::string(kRestartFingerprint), restart_fingerprint(config)}}}}},
          {"spec", pod_spec(wanted, config, installation)}};
}

}  // namespace dualtrace::ctl
