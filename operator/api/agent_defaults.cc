// SPDX-License-Identifier: Apache-2.0
#include "operator/api/agent_defaults.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace dualtrace::ctl {
namespace {

// Not the image, which has its own option, nor fields that only an export can know.
constexpr std::array<std::string_view, 13> kFields = {"affinity",
                                                      "annotations",
                                                      "env",
                                                      "imagePullSecrets",
                                                      "labels",
                                                      "networkPolicy",
                                                      "nodeSelector",
                                                      "podSecurityContext",
                                                      "priorityClassName",
                                                      "resources",
                                                      "securityContext",
                                                      "tolerations",
                                                      "updateStrategy"};
constexpr std::array<std::string_view, 2> kMaps = {"labels", "annotations"};

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void fill_map(Json& written, const Json& defaults) {
  for (const auto& [name, value] : defaults.items()) {
    if (!written.contains(name)) written[name] = value;
  }
}

void fill_env(Json& written, const Json& defaults) {
  for (const Json& variable : defaults) {
    const std::string_view name = text_at(variable, {"name"});
    const bool there = std::any_of(written.begin(), written.end(), [&](const Json& other) {
      return text_at(other, {"name"}) == name;
    });
    if (!there) written.push_back(variable);
  }
}

// Rules of default and export are combined, except if the export disables the policy.
void fill_network_policy(Json& written, const Json& defaults) {
  if (text_at(written, {"mode"}) == "None") return;
  for (const char* rules : {"ingress", "egress"}) {
    const Json& more = array_at(defaults, {rules});
    Json& all = written[rules];
    if (all.is_null()) all = Json::array();
    if (all.is_array()) all.insert(all.end(), more.begin(), more.end());
  }
}

// A field of the wrong type is left unchanged: the parser reports it.
void fill_field(Json& agent, const std::string& name, const Json& value) {
  const auto found = agent.find(name);
  if (found == agent.end() || found->is_null()) {
    agent[name] = value;
  } else if (name == "env" && found->is_array()) {
    fill_env(*found, value);
  } else if (name == "networkPolicy" && found->is_object()) {
    fill_network_policy(*found, value);
  } else if (contains(kMaps, name) && found->is_object()) {
    fill_map(*found, value);
  } else if (name == "resources" && found->is_object()) {
    for (const auto& [kind, quantities] : value.items()) {
      Json& written = (*found)[kind];
      if (written.is_null()) written = Json::object();
      if (written.is_object()) fill_map(written, quantities);
    }
  }
}

// A minimal export, so that the defaults are checked against every rule for an export's fields.
Json silent_export(const Json& agent) {
  return {{"metadata", {{"namespace", "any"}, {"name", "any"}}},
          {"spec",
           {{"arize", {{"region", "US"}, {"credentials", {{"secretName", "any"}}}}},
            {"delivery", {{"storage", "EmptyDir"}}},
            {"agent", agent}}}};
}

// "spec.agent.tolerations[0].key" → "tolerations[0].key"
std::string without_section(std::string path) {
  constexpr std::string_view kSection = "spec.agent.";
  return path.starts_with(kSection) ? path.substr(kSection.size()) : path;
}

}  // namespace

Result<AgentDefaults> AgentDefaults::parse(std::string_view text) {
  const auto agent = parse_json(text);
  if (!agent) return fail(agent.error());
  if (!agent->is_object()) return fail(ErrorKind::kInvalid, "expected an object");
  std::vector<ExportFault> faults;
  for (const auto& [name, value] : agent->items()) {
    if (!contains(kFields, name)) {
      faults.push_back(
          {name, "is not a field of spec.agent that can have a default for all exports"});
    }
  }
  if (faults.empty()) {
    faults = parse_export(silent_export(*agent)).faults;
    for (ExportFault& fault : faults) fault.path = without_section(std::move(fault.path));
  }
  if (!faults.empty()) return fail(ErrorKind::kInvalid, to_string(faults));
  return AgentDefaults(*agent);
}

Json AgentDefaults::fill(Json object) const {
  if (agent_.empty()) return object;
  const auto spec = object.find("spec");
  if (spec == object.end() || !spec->is_object()) return object;
  Json& agent = (*spec)["agent"];
  if (agent.is_null()) agent = Json::object();
  if (!agent.is_object()) return object;
  for (const auto& [name, value] : agent_.items()) fill_field(agent, name, value);
  return object;
}

EffectiveExport parse_export(const Json& object, const AgentDefaults& defaults) {
  ExportOrFaults parsed = parse_export(defaults.fill(object));
  EffectiveExport effective{std::move(parsed.value), std::move(parsed.faults), std::nullopt};
  if (effective.value && !defaults.empty()) effective.without_defaults = parse_export(object).value;
  return effective;
}

}  // namespace dualtrace::ctl
