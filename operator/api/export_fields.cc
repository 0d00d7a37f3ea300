// SPDX-License-Identifier: Apache-2.0
#include "operator/api/export_fields.h"

#include <algorithm>
#include <array>

#include "common/config/rules.h"
#include "common/error/check.h"

namespace dualtrace::ctl {
namespace {

using enum FieldType;

constexpr std::array<std::string_view, 2> kStorages = {"HostPath", "EmptyDir"};
constexpr std::array<std::string_view, 2> kTraffics = {"PreferSameNode", "SameNode"};
constexpr std::array<std::string_view, 2> kUpdateStrategies = {"RollingUpdate", "OnDelete"};
constexpr std::array<std::string_view, 2> kSeccompProfiles = {"RuntimeDefault", "Localhost"};
constexpr std::array<std::string_view, 2> kPolicyModes = {"Managed", "None"};
constexpr std::array<std::string_view, 3> kPullPolicies = {"IfNotPresent", "Always", "Never"};
constexpr std::array<std::string_view, 4> kSelectorOperators = {"In", "NotIn", "Exists",
                                                                "DoesNotExist"};
constexpr std::array<std::string_view, 2> kTolerationOperators = {"Exists", "Equal"};
constexpr std::array<std::string_view, 3> kTaintEffects = {"NoSchedule", "PreferNoSchedule",
                                                           "NoExecute"};

constexpr uint32_t kNameMax = 253;       // Kubernetes' own limits
constexpr uint32_t kLabelNameMax = 317;  // 253 / 63
constexpr uint32_t kLabelValueMax = 63;
constexpr uint32_t kQuantityMax = 32;
constexpr uint32_t kSeLinuxMax = 255;
constexpr std::string_view kIdMax = "2147483647";
constexpr uint32_t kUidMax = 36;

constexpr ExportField section(std::string_view path, bool required = false) {
  return {.path = path, .type = kSection, .required = required};
}
// A section that exists even if it is not set, for the defaults in it.
constexpr ExportField default_section(std::string_view path) {
  return {.path = path, .type = kSection, .fallback = "{}"};
}
constexpr ExportField name(std::string_view path, bool required = false) {
  return {.path = path, .type = kName, .required = required, .most_characters = kNameMax};
}
constexpr ExportField data_key(std::string_view path, std::string_view fallback) {
  return {.path = path, .type = kDataKey, .fallback = fallback, .most_characters = kNameMax};
}
constexpr ExportField choice(std::string_view path, std::span<const std::string_view> choices,
                             std::string_view fallback) {
  return {.path = path, .type = kChoice, .fallback = fallback, .choices = choices};
}
// Not stored with the export, so that the installation's own defaults take precedence.
constexpr ExportField open_section(std::string_view path) {
  return {.path = path, .type = kSection, .fallback = "{}", .fallback_is_stored = false};
}
constexpr ExportField memory(std::string_view path, std::string_view fallback,
                             std::string_view least) {
  return {.path = path,
          .type = kMemory,
          .fallback = fallback,
          .most_characters = kQuantityMax,
          .least = least,
          .most = "64Ti",
          .fallback_is_stored = false};
}
constexpr ExportField cpu(std::string_view path, std::string_view fallback) {
  return {.path = path,
          .type = kCpu,
          .fallback = fallback,
          .most_characters = kQuantityMax,
          .fallback_is_stored = false};
}
constexpr ExportField nodes(std::string_view path) {
  return {.path = path, .type = kCountOrPercent, .most_characters = 8};
}
constexpr ExportField user_or_group(std::string_view path, std::string_view least) {
  return {.path = path, .type = kInteger, .least = least, .most = kIdMax};
}
constexpr ExportField se_linux(std::string_view path) {
  return {.path = path, .most_characters = kSeLinuxMax};
}

// The types that the agent's configuration has, too. Where two fields have one key type, the first
// is that of a passed-on key.
struct SharedType {
  FieldType field;
  KeyType key;
};
constexpr auto kSharedTypes = std::to_array<SharedType>({{kUrl, KeyType::kUrl},
                                                         {kSize, KeyType::kSize},
                                                         {kMemory, KeyType::kSize},
                                                         {kShare, KeyType::kShare},
                                                         {kDuration, KeyType::kDuration},
                                                         {kSeconds, KeyType::kSeconds},
                                                         {kInteger, KeyType::kCount},
                                                         {kChoice, KeyType::kChoice},
                                                         {kMap, KeyType::kMap}});

FieldType field_type(KeyType type) {
  const auto* const shared = std::ranges::find(kSharedTypes, type, &SharedType::key);
  return shared == kSharedTypes.end() ? kText : shared->field;
}

KeyType key_type(FieldType type) {
  const auto* const shared = std::ranges::find(kSharedTypes, type, &SharedType::field);
  return shared == kSharedTypes.end() ? KeyType::kText : shared->key;
}

// A field that reaches the agents as it is written.
ExportField passed_on(std::string_view path, std::string_view config_key) {
  const SchemaKey* key = find_key(config_key);
  DT_CHECK(key != nullptr);
  return {.path = path,
          .type = field_type(key->type),
          .required = !key->required.empty(),
          .fallback = key->fallback,
          .most_characters = most_characters(*key),
          .most_entries = key->type == KeyType::kMap ? uint32_t{kAttributesMax} : 0,
          .least = key->least,
          .most = key->most,
          .choices = key->choices,
          .config_key = config_key};
}

ExportField with_least(ExportField field, std::string_view least) {
  field.least = least;
  return field;
}

ExportField with_note(ExportField field, std::string_view note) {
  field.note = note;
  return field;
}

const auto kFields = std::to_array<ExportField>({
    section("spec", true),
    name("spec.className"),

    section("spec.arize"),
    passed_on("spec.arize.endpoint", "arize.endpoint"),
    passed_on("spec.arize.region", "arize.region"),
    passed_on("spec.arize.protocol", "arize.protocol"),
    passed_on("spec.arize.project", "arize.project"),
    section("spec.arize.credentials", true),
    name("spec.arize.credentials.secretName", true),
    data_key("spec.arize.credentials.apiKeyKey", "api-key"),
    data_key("spec.arize.credentials.spaceIDKey", "space-id"),
    section("spec.arize.ca"),
    name("spec.arize.ca.secretName"),
    name("spec.arize.ca.configMapName"),
    data_key("spec.arize.ca.key", "ca.crt"),
    passed_on("spec.arize.compression", "arize.compression"),
    passed_on("spec.arize.proxyURL", "arize.proxyURL"),
    section("spec.arize.proxyAuth"),
    name("spec.arize.proxyAuth.secretName", true),
    data_key("spec.arize.proxyAuth.usernameKey", "username"),
    data_key("spec.arize.proxyAuth.passwordKey", "password"),

    section("spec.databricks"),
    passed_on("spec.databricks.workspaceURL", "databricks.workspaceURL"),
    passed_on("spec.databricks.table", "databricks.table"),
    passed_on("spec.databricks.ingest", "databricks.ingest"),
    section("spec.databricks.zerobus"),
    passed_on("spec.databricks.zerobus.endpoint", "databricks.zerobus.endpoint"),
    section("spec.databricks.auth", true),
    section("spec.databricks.auth.token"),
    name("spec.databricks.auth.token.secretName", true),
    data_key("spec.databricks.auth.token.key", "token"),
    section("spec.databricks.auth.oauth"),
    name("spec.databricks.auth.oauth.secretName", true),
    data_key("spec.databricks.auth.oauth.clientIDKey", "client-id"),
    data_key("spec.databricks.auth.oauth.clientSecretKey", "client-secret"),
    section("spec.databricks.auth.workloadIdentity"),
    passed_on("spec.databricks.auth.workloadIdentity.clientID",
              "databricks.auth.workloadIdentity.clientID"),
    {.path = "spec.databricks.auth.workloadIdentity.audience",
     .required = true,
     .most_characters = 256},
    {.path = "spec.databricks.auth.workloadIdentity.expirationSeconds",
     .type = kInteger,
     .fallback = "3600",
     .least = "600",
     .most = "86400"},
    section("spec.databricks.ca"),
    name("spec.databricks.ca.secretName"),
    name("spec.databricks.ca.configMapName"),
    data_key("spec.databricks.ca.key", "ca.crt"),
    passed_on("spec.databricks.compression", "databricks.compression"),
    passed_on("spec.databricks.proxyURL", "databricks.proxyURL"),
    section("spec.databricks.proxyAuth"),
    name("spec.databricks.proxyAuth.secretName", true),
    data_key("spec.databricks.proxyAuth.usernameKey", "username"),
    data_key("spec.databricks.proxyAuth.passwordKey", "password"),

    default_section("spec.delivery"),
    passed_on("spec.delivery.durability", "delivery.durability"),
    // Room for two of the agent's segments.
    with_least(passed_on("spec.delivery.maxBacklog", "delivery.maxBacklog"), "130Mi"),
    passed_on("spec.delivery.minFreeDisk", "delivery.minFreeDisk"),
    {.path = "spec.delivery.adoptFrom",
     .type = kTexts,
     .most_characters = kUidMax,
     .most_entries = 8},
    passed_on("spec.delivery.maxAge", "delivery.maxAge"),
    choice("spec.delivery.storage", kStorages, "HostPath"),
    with_note(passed_on("spec.delivery.drainTimeout", "drainTimeout"),
              "The pods' grace period is fifteen seconds longer."),

    passed_on("spec.resourceAttributes", "resourceAttributes"),

    section("spec.injection"),
    section("spec.injection.namespaceSelector"),
    {.path = "spec.injection.namespaceSelector.matchLabels",
     .type = kMap,
     .most_characters = kLabelValueMax,
     .most_entries = 32},
    {.path = "spec.injection.namespaceSelector.matchExpressions",
     .type = kList,
     .most_entries = 32},
    {.path = "spec.injection.namespaceSelector.matchExpressions[].key",
     .required = true,
     .most_characters = kLabelNameMax},
    {.path = "spec.injection.namespaceSelector.matchExpressions[].operator",
     .type = kChoice,
     .required = true,
     .choices = kSelectorOperators},
    {.path = "spec.injection.namespaceSelector.matchExpressions[].values",
     .type = kTexts,
     .most_characters = kLabelValueMax,
     .most_entries = 64},

    default_section("spec.agent"),
    {.path = "spec.agent.image", .most_characters = 512},
    choice("spec.agent.imagePullPolicy", kPullPolicies, "IfNotPresent"),
    {.path = "spec.agent.imagePullSecrets", .type = kList, .most_entries = 16},
    name("spec.agent.imagePullSecrets[].name", true),
    open_section("spec.agent.resources"),
    open_section("spec.agent.resources.requests"),
    cpu("spec.agent.resources.requests.cpu", "50m"),
    memory("spec.agent.resources.requests.memory", "64Mi", "0"),
    memory("spec.agent.resources.requests.ephemeral-storage", {}, "0"),
    open_section("spec.agent.resources.limits"),
    cpu("spec.agent.resources.limits.cpu", {}),
    memory("spec.agent.resources.limits.memory", "512Mi", "192Mi"),
    memory("spec.agent.resources.limits.ephemeral-storage", {}, "0"),
    {.path = "spec.agent.nodeSelector",
     .type = kMap,
     .most_characters = kLabelValueMax,
     .most_entries = 32},
    {.path = "spec.agent.tolerations", .type = kList, .most_entries = 64},
    {.path = "spec.agent.tolerations[].key", .most_characters = kLabelNameMax},
    choice("spec.agent.tolerations[].operator", kTolerationOperators, {}),
    {.path = "spec.agent.tolerations[].value", .most_characters = kLabelValueMax},
    choice("spec.agent.tolerations[].effect", kTaintEffects, {}),
    {.path = "spec.agent.tolerations[].tolerationSeconds",
     .type = kInteger,
     .least = "0",
     .most = "31536000"},
    section("spec.agent.affinity"),
    {.path = "spec.agent.env", .type = kList, .most_entries = 64},
    {.path = "spec.agent.env[].name", .required = true, .most_characters = kNameMax},
    {.path = "spec.agent.env[].value", .required = true, .most_characters = 4096},
    {.path = "spec.agent.labels",
     .type = kMap,
     .most_characters = kLabelValueMax,
     .most_entries = 32},
    {.path = "spec.agent.annotations", .type = kMap, .most_characters = 4096, .most_entries = 32},
    section("spec.agent.updateStrategy"),
    choice("spec.agent.updateStrategy.type", kUpdateStrategies, "RollingUpdate"),
    section("spec.agent.updateStrategy.rollingUpdate"),
    nodes("spec.agent.updateStrategy.rollingUpdate.maxSurge"),
    nodes("spec.agent.updateStrategy.rollingUpdate.maxUnavailable"),
    section("spec.agent.podSecurityContext"),
    user_or_group("spec.agent.podSecurityContext.runAsUser", "1"),
    user_or_group("spec.agent.podSecurityContext.runAsGroup", "0"),
    user_or_group("spec.agent.podSecurityContext.fsGroup", "0"),
    section("spec.agent.podSecurityContext.seLinuxOptions"),
    se_linux("spec.agent.podSecurityContext.seLinuxOptions.level"),
    se_linux("spec.agent.podSecurityContext.seLinuxOptions.role"),
    se_linux("spec.agent.podSecurityContext.seLinuxOptions.type"),
    se_linux("spec.agent.podSecurityContext.seLinuxOptions.user"),
    section("spec.agent.podSecurityContext.seccompProfile"),
    {.path = "spec.agent.podSecurityContext.seccompProfile.type",
     .type = kChoice,
     .required = true,
     .choices = kSeccompProfiles},
    {.path = "spec.agent.podSecurityContext.seccompProfile.localhostProfile",
     .most_characters = kNameMax},
    section("spec.agent.securityContext"),
    user_or_group("spec.agent.securityContext.runAsUser", "1"),
    user_or_group("spec.agent.securityContext.runAsGroup", "0"),
    section("spec.agent.securityContext.seLinuxOptions"),
    se_linux("spec.agent.securityContext.seLinuxOptions.level"),
    se_linux("spec.agent.securityContext.seLinuxOptions.role"),
    se_linux("spec.agent.securityContext.seLinuxOptions.type"),
    se_linux("spec.agent.securityContext.seLinuxOptions.user"),
    section("spec.agent.securityContext.seccompProfile"),
    {.path = "spec.agent.securityContext.seccompProfile.type",
     .type = kChoice,
     .required = true,
     .choices = kSeccompProfiles},
    {.path = "spec.agent.securityContext.seccompProfile.localhostProfile",
     .most_characters = kNameMax},
    section("spec.agent.networkPolicy"),
    choice("spec.agent.networkPolicy.mode", kPolicyModes, "Managed"),
    {.path = "spec.agent.networkPolicy.ingress", .type = kList, .most_entries = 16},
    {.path = "spec.agent.networkPolicy.egress", .type = kList, .most_entries = 16},
    choice("spec.agent.traffic", kTraffics, "PreferSameNode"),
    name("spec.agent.priorityClassName"),
    passed_on("spec.agent.logLevel", "logLevel"),
});

}  // namespace

std::span<const ExportField> export_fields() { return kFields; }

const ExportField* find_field(std::string_view path) {
  const auto found = std::find_if(kFields.begin(), kFields.end(),
                                  [&](const ExportField& field) { return field.path == path; });
  return found == kFields.end() ? nullptr : &*found;
}

SchemaKey schema_key(const ExportField& field) {
  SchemaKey key;
  if (!field.config_key.empty()) key = *find_key(field.config_key);
  key.path = field.path;
  key.type = key_type(field.type);
  key.least = field.least;
  key.most = field.most;
  key.choices = field.choices;
  key.most_characters = field.most_characters;
  return key;
}

}  // namespace dualtrace::ctl
