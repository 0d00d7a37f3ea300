// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/placement.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace dualtrace::ctl {
namespace {

// One requirement on a node: an entry of nodeSelector, or of a term of the required affinity.
struct Demand {
  std::string_view key;
  std::string_view operation;  // In, NotIn, Exists, DoesNotExist, Gt, Lt
  std::vector<std::string_view> values;

  [[nodiscard]] bool has(std::string_view value) const {
    return std::find(values.begin(), values.end(), value) != values.end();
  }
  template <typename Matches>
  [[nodiscard]] bool only(Matches matches) const {
    return operation == "In" && !values.empty() &&
           std::all_of(values.begin(), values.end(), matches);
  }
  [[nodiscard]] bool only_value(std::string_view wanted) const {
    return only([&](std::string_view value) { return value == wanted; });
  }
};

constexpr std::string_view kFieldOfNode = "metadata.name";  // in matchFields, of a node
constexpr std::string_view kHostName = "kubernetes.io/hostname";
constexpr auto kContainerLists = std::to_array<const char*>({"containers", "initContainers"});

Demand demand_of(const Json& expression) {
  Demand demand{text_at(expression, {"key"}), text_at(expression, {"operator"}), {}};
  for (const Json& value : array_at(expression, {"values"})) {
    if (value.is_string()) demand.values.emplace_back(value.get_ref<const std::string&>());
  }
  return demand;
}

bool selector_demands(const Json& pod, bool (*wanted)(const Demand&)) {
  const Json* selector = find(pod, {"spec", "nodeSelector"});
  if (selector == nullptr || !selector->is_object()) return false;
  for (const auto& [key, value] : selector->items()) {
    if (!value.is_string()) continue;
    if (wanted({key, "In", {value.get_ref<const std::string&>()}})) return true;
  }
  return false;
}

bool term_demands(const Json& term, bool (*wanted)(const Demand&)) {
  for (const char* list : {"matchExpressions", "matchFields"}) {
    for (const Json& expression : array_at(term, {list})) {
      if (wanted(demand_of(expression))) return true;
    }
  }
  return false;
}

// A node needs to match only one term, so a requirement counts only if every term has it.
bool affinity_demands(const Json& pod, bool (*wanted)(const Demand&)) {
  const Json& terms =
      array_at(pod, {"spec", "affinity", "nodeAffinity",
                     "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"});
  return !terms.empty() && std::all_of(terms.begin(), terms.end(), [&](const Json& term) {
    return term_demands(term, wanted);
  });
}

bool demands(const Json& pod, bool (*wanted)(const Demand&)) {
  return selector_demands(pod, wanted) || affinity_demands(pod, wanted);
}

bool begins_with_windows(std::string_view value) {
  constexpr std::string_view kWindows = "windows";
  return value.size() >= kWindows.size() &&
         std::equal(kWindows.begin(), kWindows.end(), value.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

bool is_os(std::string_view key) {
  return key == "kubernetes.io/os" || key == "beta.kubernetes.io/os";
}

bool is_not_linux(const Demand& demand) {
  if (is_os(demand.key)) {
    return demand.only([](std::string_view os) { return os != "linux"; }) ||
           (demand.operation == "NotIn" && demand.has("linux"));
  }
  if (demand.key == "node.kubernetes.io/windows-build") {
    return demand.operation == "In" || demand.operation == "Exists";
  }
  constexpr auto kKinds = std::to_array<std::string_view>({"kubernetes.azure.com/os-sku",
                                                           "cloud.google.com/gke-os-distribution",
                                                           "node.openshift.io/os_id"});
  return std::find(kKinds.begin(), kKinds.end(), demand.key) != kKinds.end() &&
         demand.only(begins_with_windows);
}

bool is_linux(const Demand& demand) { return is_os(demand.key) && demand.only_value("linux"); }

bool has_windows_options(const Json& pod) {
  const auto has = [](const Json& of) {
    const Json* options = find(of, {"securityContext", "windowsOptions"});
    return options != nullptr && options->is_object() && !options->empty();
  };
  const Json* spec = find(pod, {"spec"});
  if (spec != nullptr && has(*spec)) return true;
  return std::any_of(kContainerLists.begin(), kContainerLists.end(), [&](const char* list) {
    const Json& containers = array_at(pod, {"spec", list});
    return std::any_of(containers.begin(), containers.end(), has);
  });
}

// Its scheduling rules are on the pod already, if it has any; the API server adds them first.
bool has_windows_runtime(const Json& pod) {
  const std::string_view runtime = text_at(pod, {"spec", "runtimeClassName"});
  return begins_with_windows(runtime) || runtime.starts_with("runhcs-wcow");
}

// Options and a runtime for Windows are only a hint: if the pod requires Linux, it runs there.
bool asks_for_another_os(const Json& pod) {
  const std::string_view os = text_at(pod, {"spec", "os", "name"});
  if ((!os.empty() && os != "linux") || demands(pod, is_not_linux)) return true;
  const bool is_for_windows = has_windows_options(pod) || has_windows_runtime(pod);
  return os.empty() && is_for_windows && !demands(pod, is_linux);
}

// Fixed names that virtual-kubelet and the clouds give their virtual nodes.
bool is_virtual_name(std::string_view node) {
  constexpr auto kBeginnings = std::to_array<std::string_view>(
      {"virtual-kubelet", "virtual-node", "virtualnode-", "fargate-", "eklet-", "bursting-node"});
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view begin) { return node.starts_with(begin); });
}

// A label of virtual nodes. Without a value: they alone have it, with any value.
struct VirtualLabel {
  std::string_view key;
  std::string_view value = {};
};
constexpr auto kVirtualLabels = std::to_array<VirtualLabel>({
    {"virtual-kubelet.io/provider"},
    {"type", "virtual-kubelet"},
    {"type", "virtual-node"},
    {"virtualization", "virtualnode2"},  // Azure
    {"eks.amazonaws.com/compute-type", "fargate"},
    {"node.kubernetes.io/instance-type", "eklet"},  // Tencent
    {"beta.kubernetes.io/instance-type", "eklet"},
    {"vci.vke.volcengine.com/node-type", "vci"},
    {"liqo.io/type", "virtual-node"},
    {"topology.liqo.io/type", "virtual-node"},
    {"liqo.io/remote-cluster-id"},
    {"virtual-node.interlink/type", "virtual-kubelet"},
    {"type", "kwok"},
    {"kwok.x-k8s.io/node"},
});

bool is_virtual_label(std::string_view key, std::string_view value) {
  return std::any_of(kVirtualLabels.begin(), kVirtualLabels.end(), [&](const VirtualLabel& label) {
    return label.key == key && (label.value.empty() || label.value == value);
  });
}

bool has_any_value(std::string_view key) {
  return std::any_of(kVirtualLabels.begin(), kVirtualLabels.end(), [&](const VirtualLabel& label) {
    return label.key == key && label.value.empty();
  });
}

bool is_virtual(const Demand& demand) {
  if (demand.key == kHostName || demand.key == kFieldOfNode) return demand.only(is_virtual_name);
  return demand.only([&](auto value) { return is_virtual_label(demand.key, value); }) ||
         (demand.operation == "Exists" && has_any_value(demand.key));
}

bool is_never_virtual(const Demand& demand) {
  if (demand.operation == "DoesNotExist") {
    return std::any_of(kVirtualLabels.begin(), kVirtualLabels.end(),
                       [&](const VirtualLabel& label) { return label.key == demand.key; });
  }
  return demand.operation == "NotIn" &&
         std::any_of(demand.values.begin(), demand.values.end(),
                     [&](auto value) { return is_virtual_label(demand.key, value); });
}

// Labels and annotations with which a cloud's webhook or the user has the pod run without a node.
bool is_marked_virtual(const Json& pod) {
  const auto label = [&](std::string_view name) {
    return text_at(pod, {"metadata", "labels", name});
  };
  constexpr auto kBursts = std::to_array<std::string_view>({"bursting.cci.io/burst-to-cci",
                                                            "virtual-kubelet.io/burst-to-cci",
                                                            "vke.volcengine.com/burst-to-vci"});
  return !label("eks.amazonaws.com/fargate-profile").empty() ||
         label("alibabacloud.com/eci") == "true" || label("alibabacloud.com/acs") == "true" ||
         std::any_of(kBursts.begin(), kBursts.end(), [&](std::string_view name) {
           return label(name) == "enforce" ||
                  text_at(pod, {"metadata", "annotations", name}) == "enforce";
         });
}

bool tolerates_virtual_nodes(const Json& pod) {
  constexpr auto kTaints = std::to_array<std::string_view>(
      {"virtual-kubelet.io/provider", "virtual-kubelet.io/compute-type", "azure.com/aci",
       "eks.amazonaws.com/compute-type", "eks.tke.cloud.tencent.com/eklet",
       "vci.vke.volcengine.com/node-type", "virtual-node.liqo.io/not-allowed",
       "virtual-node.interlink/no-schedule", "kwok.x-k8s.io/node"});
  const Json& tolerations = array_at(pod, {"spec", "tolerations"});
  return std::any_of(tolerations.begin(), tolerations.end(), [&](const Json& toleration) {
    const std::string_view key = text_at(toleration, {"key"});
    return std::find(kTaints.begin(), kTaints.end(), key) != kTaints.end();
  });
}

}  // namespace

std::optional<Refusal> check_placement(const Json& pod) {
  if (asks_for_another_os(pod)) {
    return Refusal{SkipReason::kNotLinux,
                   "the pod requires nodes that run no agents; send its spans elsewhere"};
  }
  if (demands(pod, is_virtual) || is_marked_virtual(pod) ||
      is_virtual_name(text_at(pod, {"spec", "nodeName"})) ||
      text_at(pod, {"spec", "schedulerName"}) == "fargate-scheduler") {
    return Refusal{SkipReason::kNoAgentThere,
                   "the pod requires a virtual node, where DaemonSets have no pods and so no agent "
                   "runs; schedule it on other nodes, or send its spans elsewhere"};
  }
  return std::nullopt;
}

std::optional<PodWarning> placement_warning(const Json& pod) {
  if (!tolerates_virtual_nodes(pod) || demands(pod, is_never_virtual)) return std::nullopt;
  return PodWarning{to_string(WarnReason::kMaybeNoAgentThere),
                    "the pod tolerates virtual nodes, where no agent runs: if it is scheduled on "
                    "one, its spans may be lost; remove the toleration, or send its spans "
                    "elsewhere"};
}

}  // namespace dualtrace::ctl
