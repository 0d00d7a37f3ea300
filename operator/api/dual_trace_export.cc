// SPDX-License-Identifier: Apache-2.0
#include "operator/api/dual_trace_export.h"

#include <algorithm>

#include "common/config/rules.h"
#include "common/config/value.h"
#include "operator/api/field_reader.h"
#include "operator/api/kubernetes_rules.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kFaultsTold = 20;  // a condition's message is for people

std::optional<CertificateAuthority> read_ca(FieldReader& destination) {
  auto ca = destination.section("ca");
  if (!ca) return std::nullopt;
  const auto secret = ca->text("secretName");
  const auto config_map = ca->text("configMapName");
  const std::string key = ca->certain_text("key");
  if (ca->has("secretName") == ca->has("configMapName")) {
    ca->fault("", "set exactly one of secretName and configMapName");
  }
  CertificateAuthority authority;
  if (secret) authority.secret = {*secret, key};
  if (config_map) authority.config_map = {*config_map, key};
  return authority;
}

std::optional<ProxyAuth> read_proxy_auth(FieldReader& destination) {
  auto section = destination.section("proxyAuth");
  if (!section) return std::nullopt;
  if (!destination.has("proxyURL")) {
    destination.fault("", std::string(kProxyAuthWithoutProxy));
  }
  const std::string secret = section->certain_text("secretName");
  return ProxyAuth{{secret, section->certain_text("usernameKey")},
                   {secret, section->certain_text("passwordKey")}};
}

ArizeSpec read_arize(FieldReader& section, Settings& settings) {
  ArizeSpec arize;
  section.read_settings(settings);
  if (section.has("endpoint") == section.has("region")) {
    section.fault("", std::string(kOneOfEndpointAndRegion));
  }
  if (auto credentials = section.section("credentials")) {
    const std::string secret = credentials->certain_text("secretName");
    arize.api_key = {secret, credentials->certain_text("apiKeyKey")};
    arize.space_id = {secret, credentials->certain_text("spaceIDKey")};
  }
  arize.ca = read_ca(section);
  arize.proxy_auth = read_proxy_auth(section);
  return arize;
}

WorkloadIdentityAuth read_workload_identity(FieldReader& section, Settings& settings) {
  WorkloadIdentityAuth identity;
  section.read_settings(settings);
  if (const auto audience = section.text("audience")) {
    section.expect("audience", check_audience(*audience));
    identity.audience = *audience;
  }
  identity.expiration_seconds = section.integer("expirationSeconds").value_or(0);
  return identity;
}

DatabricksAuthSpec read_auth(FieldReader& section, Settings& settings) {
  DatabricksAuthSpec auth;
  if (auto token = section.section("token")) {
    auth = TokenAuth{{token->certain_text("secretName"), token->certain_text("key")}};
  }
  if (auto oauth = section.section("oauth")) {
    const std::string secret = oauth->certain_text("secretName");
    auth = OAuthAuth{{secret, oauth->certain_text("clientIDKey")},
                     {secret, oauth->certain_text("clientSecretKey")}};
  }
  if (auto identity = section.section("workloadIdentity")) {
    auth = read_workload_identity(*identity, settings);
  }
  if (int{section.has("token")} + int{section.has("oauth")} +
          int{section.has("workloadIdentity")} !=
      1) {
    section.fault("", std::string(kOneKindOfAuth));
  }
  return auth;
}

void check_ingest(FieldReader& section, const DatabricksSpec& databricks, bool zerobus) {
  if (section.has("zerobus") && !zerobus) {
    section.fault("", std::string(kZerobusWithoutIngest));
  }
  if (zerobus && std::holds_alternative<TokenAuth>(databricks.auth) && section.has("auth")) {
    section.fault("", std::string(kZerobusWithToken));
  }
}

DatabricksSpec read_databricks(FieldReader& section, Settings& settings) {
  DatabricksSpec databricks;
  section.read_settings(settings);
  if (auto zerobus = section.section("zerobus")) zerobus->read_settings(settings);
  if (auto auth = section.section("auth")) databricks.auth = read_auth(*auth, settings);
  check_ingest(section, databricks, settings["databricks.ingest"] == "Zerobus");
  databricks.ca = read_ca(section);
  databricks.proxy_auth = read_proxy_auth(section);
  return databricks;
}

std::vector<std::string> read_uids(FieldReader& section) {
  std::vector<std::string> uids = section.text_items("adoptFrom");
  for (const std::string& uid : uids) {
    section.expect("adoptFrom", check_uid(uid));
  }
  return uids;
}

DeliverySpec read_delivery(FieldReader& section, Settings& settings) {
  section.read_settings(settings);
  const bool in_pod = section.certain_text("storage") == "EmptyDir";
  return {.adopt_from = read_uids(section),
          .storage = in_pod ? Storage::kEmptyDir : Storage::kHostPath};
}

std::map<std::string, std::string> read_resource_attributes(FieldReader& spec) {
  auto attributes = spec.texts("resourceAttributes");
  for (const auto& [name, value] : attributes) {
    spec.expect("resourceAttributes", check_attribute_name(name));
  }
  return attributes;
}

LabelOperator label_operator(std::string_view text) {
  if (text == "In") return LabelOperator::kIn;
  if (text == "NotIn") return LabelOperator::kNotIn;
  return text == "Exists" ? LabelOperator::kExists : LabelOperator::kDoesNotExist;
}

LabelRequirement read_requirement(FieldReader& section) {
  LabelRequirement requirement;
  if (const auto key = section.text("key")) {
    section.expect("key", check_label_name(*key));
    requirement.key = *key;
  }
  requirement.values = section.text_items("values");
  for (size_t i = 0; i < requirement.values.size(); ++i) {
    if (const auto valued = check_label_value(requirement.values[i]); !valued) {
      section.entry_fault("values", std::to_string(i), valued.error().message);
    }
  }
  if (const auto text = section.text("operator")) {
    requirement.op = label_operator(*text);
    const bool takes_values =
        requirement.op == LabelOperator::kIn || requirement.op == LabelOperator::kNotIn;
    if (takes_values && section.is_empty("values")) {
      section.fault("", "operator In or NotIn needs values");
    } else if (!takes_values && !section.is_empty("values")) {
      section.fault("values", "must not be set if operator is Exists or DoesNotExist");
    }
  }
  return requirement;
}

InjectionSpec read_injection(FieldReader& section) {
  InjectionSpec injection;
  auto selector = section.section("namespaceSelector");
  if (!selector) return injection;
  LabelSelector& read = injection.namespace_selector.emplace();
  read.match_labels = selector->labels("matchLabels");
  for (FieldReader& item : selector->items("matchExpressions")) {
    read.match_expressions.push_back(read_requirement(item));
  }
  return injection;
}

void read_spec(FieldReader& spec, DualTraceExport& into) {
  spec.text("className");  // must only be a valid name; Scope decides which operator serves it
  Settings& settings = into.settings;
  if (auto arize = spec.section("arize")) into.arize = read_arize(*arize, settings);
  if (auto databricks = spec.section("databricks")) {
    into.databricks = read_databricks(*databricks, settings);
  }
  if (!spec.has("arize") && !spec.has("databricks")) {
    spec.fault("", std::string(kNoDestination));
  }
  if (auto delivery = spec.section("delivery")) into.delivery = read_delivery(*delivery, settings);
  into.resource_attributes = read_resource_attributes(spec);
  if (auto injection = spec.section("injection")) into.injection = read_injection(*injection);
  if (auto agent = spec.section("agent")) {
    into.agent = read_agent(*agent);
    agent->read_settings(settings);
  }
  const auto& context = into.agent.pod_security_context;
  const bool any_user =
      context && !context->run_as_user && !into.agent.security_context.run_as_user;
  if (any_user && into.delivery.storage == Storage::kHostPath) {
    spec.fault("agent.podSecurityContext",
               "storage HostPath needs runAsUser, because the node's folder has one owner; set it, "
               "or set delivery.storage to EmptyDir");
  }
}

}  // namespace

ExportOrFaults parse_export(const Json& object) {
  ExportOrFaults result;
  DualTraceExport read;
  read.key = kube::key_of(object);
  read.uid = text_at(object, {"metadata", "uid"});
  read.generation = integer_at(object, {"metadata", "generation"}).value_or(0);
  FieldReader whole(object, "", result.faults);
  if (auto spec = whole.section("spec")) read_spec(*spec, read);
  if (result.faults.empty()) result.value = std::move(read);
  return result;
}

std::string to_string(const std::vector<ExportFault>& faults) {
  std::string text;
  for (size_t i = 0; i < std::min(faults.size(), kFaultsTold); ++i) {
    if (i > 0) text += "; ";
    if (!faults[i].path.empty()) text += faults[i].path + ": ";
    text += faults[i].message;
  }
  if (faults.size() > kFaultsTold) {
    text += "; and " + std::to_string(faults.size() - kFaultsTold) + " more";
  }
  return text;
}

}  // namespace dualtrace::ctl
