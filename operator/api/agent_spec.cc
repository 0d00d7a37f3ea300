// SPDX-License-Identifier: Apache-2.0
#include "operator/api/agent_spec.h"

#include <set>

#include "common/config/value.h"
#include "operator/api/field_reader.h"
#include "operator/api/kubernetes_rules.h"

namespace dualtrace::ctl {
namespace {

// The strings that are set or have a default.
Json read_texts(FieldReader& section, std::initializer_list<const char*> names) {
  Json read = Json::object();
  for (const char* name : names) {
    if (auto text = section.text(name)) read[name] = *std::move(text);
  }
  return read;
}

Json read_quantities(FieldReader& section) {
  return read_texts(section, {"cpu", "memory", "ephemeral-storage"});
}

Json read_resources(FieldReader& agent) {
  auto resources = agent.section("resources");
  if (!resources) return {};
  auto requests = resources->section("requests");
  auto limits = resources->section("limits");
  if (!requests || !limits) return {};
  Json read = {{"requests", read_quantities(*requests)}, {"limits", read_quantities(*limits)}};
  for (const auto& [name, limit] : read["limits"].items()) {
    const auto request = read["requests"].find(name);
    if (request == read["requests"].end()) continue;
    const auto parse = name == "cpu" ? parse_cpu : parse_size;
    if (parse(request->get<std::string>()).value() > parse(limit.get<std::string>()).value()) {
      requests->fault(name,
                      "must not exceed limits." + name + " (" + limit.get<std::string>() + ")");
    }
  }
  return read;
}

Json read_pull_secrets(FieldReader& agent) {
  Json secrets = Json::array();
  std::set<std::string> seen;
  for (FieldReader& item : agent.items("imagePullSecrets")) {
    const auto name = item.text("name");
    if (!name) continue;
    if (!seen.insert(*name).second) item.fault("", "duplicate name");
    secrets.push_back({{"name", *name}});
  }
  return secrets;
}

Json read_toleration(FieldReader& section) {
  Json toleration = read_texts(section, {"key", "operator", "value", "effect"});
  if (const auto seconds = section.integer("tolerationSeconds")) {
    toleration["tolerationSeconds"] = *seconds;
  }
  const std::string_view key = text_at(toleration, {"key"});
  const std::string_view value = text_at(toleration, {"value"});
  const bool exists = text_at(toleration, {"operator"}) == "Exists";
  if (!key.empty()) section.expect("key", check_label_name(key));
  section.expect("value", check_label_value(value));
  if (exists && !value.empty()) section.fault("value", "must not be set if operator is Exists");
  const bool keyless = !section.has("key") || toleration.value("key", "faulty").empty();
  if (!exists && keyless) section.fault("", "without a key, operator must be Exists");
  if (section.has("tolerationSeconds") && text_at(toleration, {"effect"}) != "NoExecute") {
    section.fault("tolerationSeconds", "needs effect NoExecute");
  }
  return toleration;
}

// A number of nodes, or a percentage of them, that is zero.
bool is_nothing(std::string_view nodes) {
  return nodes.find_first_not_of("0%") == std::string_view::npos;
}

void check_one_of_two(FieldReader& rolling, const UpdateStrategy& strategy) {
  const bool no_surge = is_nothing(strategy.max_surge);
  const bool none_away = is_nothing(strategy.max_unavailable);
  if (!no_surge && !none_away) {
    rolling.fault("",
                  "one of maxSurge and maxUnavailable must be 0: a DaemonSet either starts the new "
                  "agent before it stops the old one, or stops the old one first");
  } else if (no_surge && none_away) {
    rolling.fault("",
                  "maxSurge and maxUnavailable are both 0, so no agent could ever be replaced; "
                  "set one of them");
  }
}

UpdateStrategy read_update_strategy(FieldReader& agent) {
  UpdateStrategy strategy;
  auto section = agent.section("updateStrategy");
  if (!section) return strategy;
  strategy.on_delete = section->certain_text("type") == "OnDelete";
  auto rolling = section->section("rollingUpdate");
  if (!rolling) return strategy;
  if (strategy.on_delete) {
    section->fault("rollingUpdate", "has no effect with type OnDelete; remove it");
  }
  const auto surge = rolling->text("maxSurge");
  const auto unavailable = rolling->text("maxUnavailable");
  // Setting maxUnavailable means that no node should ever run two agents.
  if (unavailable && !is_nothing(*unavailable)) strategy.max_surge = "0";
  strategy.max_unavailable = unavailable.value_or(strategy.max_unavailable);
  strategy.max_surge = surge.value_or(strategy.max_surge);
  const bool read = rolling->has("maxSurge") == surge.has_value() &&
                    rolling->has("maxUnavailable") == unavailable.has_value();
  if (read) check_one_of_two(*rolling, strategy);
  return strategy;
}

Json read_seccomp_profile(FieldReader& section) {
  Json profile = read_texts(section, {"type", "localhostProfile"});
  const bool localhost = text_at(profile, {"type"}) == "Localhost";
  if (localhost != section.has("localhostProfile")) {
    section.fault("", "set localhostProfile with type Localhost, and only with that type");
  }
  return profile;
}

SecurityContext read_security_context(FieldReader& section) {
  SecurityContext context;
  // An invalid one has its own fault, and is not reported as missing, too.
  if (section.has("runAsUser")) context.run_as_user = section.integer("runAsUser").value_or(0);
  context.run_as_group = section.integer("runAsGroup");
  if (auto options = section.section("seLinuxOptions")) {
    context.se_linux_options = read_texts(*options, {"level", "role", "type", "user"});
  }
  if (auto profile = section.section("seccompProfile")) {
    context.seccomp_profile = read_seccomp_profile(*profile);
  }
  return context;
}

// A structure of Kubernetes' own, which the API server validates when it is applied.
Json read_verbatim(FieldReader& section) {
  constexpr size_t kBytesMax = 16384;
  if (to_text(section.json()).size() > kBytesMax) {
    section.fault("", "at most " + std::to_string(kBytesMax) + " bytes");
  }
  return section.json();
}

AgentNetworkPolicy read_network_policy(FieldReader& section) {
  AgentNetworkPolicy policy;
  policy.managed = section.certain_text("mode") != "None";
  for (FieldReader& rule : section.items("ingress")) policy.ingress.push_back(read_verbatim(rule));
  for (FieldReader& rule : section.items("egress")) policy.egress.push_back(read_verbatim(rule));
  if (!policy.managed && !(section.is_empty("ingress") && section.is_empty("egress"))) {
    section.fault("", "ingress and egress have no effect with mode None; remove them");
  }
  return policy;
}

Json read_env(FieldReader& agent) {
  Json variables = Json::array();
  std::set<std::string> seen;
  for (FieldReader& item : agent.items("env")) {
    const auto name = item.text("name");
    const auto value = item.text("value");
    if (!name || !value) continue;
    item.expect("name", check_variable_name(*name));
    if (!seen.insert(*name).second) item.fault("", "duplicate name");
    variables.push_back({{"name", *name}, {"value", *value}});
  }
  return variables;
}

Labels read_own_labels(FieldReader& agent) {
  Labels labels = agent.labels("labels");
  for (const auto& [name, value] : labels) {
    agent.expect_entry("labels", name, check_not_reserved(name));
  }
  return labels;
}

Labels read_annotations(FieldReader& agent) {
  Labels annotations = agent.texts("annotations");
  for (const auto& [name, value] : annotations) {
    if (const auto named = check_label_name(name); !named) {
      agent.entry_fault("annotations", name,
                        "expected an annotation's name, such as example.com/team");
    } else {
      agent.expect_entry("annotations", name, check_not_reserved(name));
    }
  }
  return annotations;
}

void read_placing(FieldReader& section, AgentSpec& agent) {
  agent.node_selector = Json(section.labels("nodeSelector"));
  if (section.has("tolerations")) {
    agent.tolerations = Json::array();
    for (FieldReader& item : section.items("tolerations")) {
      agent.tolerations->push_back(read_toleration(item));
    }
  }
  if (auto affinity = section.section("affinity")) agent.affinity = read_verbatim(*affinity);
  agent.priority_class_name = section.text("priorityClassName");
}

void read_contexts(FieldReader& section, AgentSpec& agent) {
  if (auto pod = section.section("podSecurityContext")) {
    agent.pod_security_context = read_security_context(*pod);
    agent.pod_security_context->fs_group = pod->integer("fsGroup");
  }
  if (auto container = section.section("securityContext")) {
    agent.security_context = read_security_context(*container);
  }
}

}  // namespace

AgentSpec read_agent(FieldReader& section) {
  AgentSpec agent;
  agent.image = section.text("image");
  if (agent.image) section.expect("image", check_image(*agent.image));
  agent.image_pull_policy = section.certain_text("imagePullPolicy");
  agent.image_pull_secrets = read_pull_secrets(section);
  agent.resources = read_resources(section);
  agent.env = read_env(section);
  read_placing(section, agent);
  agent.labels = read_own_labels(section);
  agent.annotations = read_annotations(section);
  agent.update_strategy = read_update_strategy(section);
  read_contexts(section, agent);
  if (auto policy = section.section("networkPolicy")) {
    agent.network_policy = read_network_policy(*policy);
  }
  const bool same_node = section.certain_text("traffic") == "SameNode";
  agent.traffic = same_node ? Traffic::kSameNode : Traffic::kPreferSameNode;
  return agent;
}

}  // namespace dualtrace::ctl
