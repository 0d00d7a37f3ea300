// SPDX-License-Identifier: Apache-2.0
#pragma once
// DualTraceExport: the custom resource, parsed and validated. Every instance obeys every rule,
// because only parse_export() makes one. parse_export() repeats each rule of the CRD's schema,
// because an object may have been stored before a rule existed, and reports every fault with its
// path. Defaults are filled in. Fields that only pass through to the agents (endpoints, sizes,
// durations) are `settings`, checked by the agent's own validation.
// docs/resource.md describes every field (tested). Immutable.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/api/agent_spec.h"
#include "operator/api/consent.h"
#include "operator/api/label_selector.h"

namespace dualtrace::ctl {

inline constexpr kube::ResourceType kDualTraceExports{"dualtrace.dev", "v1alpha1",
                                                      "dualtraceexports", "DualTraceExport"};

struct KeyReference {  // a key of a Secret or ConfigMap in the export's namespace
  std::string name;
  std::string key;
  bool operator==(const KeyReference&) const = default;
};

struct CertificateAuthority {  // ca: exactly one of the two
  std::optional<KeyReference> secret;
  std::optional<KeyReference> config_map;
  bool operator==(const CertificateAuthority&) const = default;
};

struct ProxyAuth {  // proxyAuth.{secretName,usernameKey,passwordKey}
  KeyReference username;
  KeyReference password;
  bool operator==(const ProxyAuth&) const = default;
};

// The fields that only pass through: the key of the agent's configuration, and the written value or
// the default. The keys are those of the schema.
using Settings = std::map<std::string_view, std::string>;

struct ArizeSpec {        // spec.arize, besides its settings
  KeyReference api_key;   // credentials.{secretName,apiKeyKey}
  KeyReference space_id;  // credentials.{secretName,spaceIDKey}
  std::optional<CertificateAuthority> ca;
  std::optional<ProxyAuth> proxy_auth;  // proxyAuth
  bool operator==(const ArizeSpec&) const = default;
};

// spec.databricks.auth: exactly one of these.
struct TokenAuth {
  KeyReference token;  // token.{secretName,key}
  bool operator==(const TokenAuth&) const = default;
};
struct OAuthAuth {
  KeyReference client_id;      // oauth.{secretName,clientIDKey}
  KeyReference client_secret;  // oauth.{secretName,clientSecretKey}
  bool operator==(const OAuthAuth&) const = default;
};
struct WorkloadIdentityAuth {  // workloadIdentity.*, besides its settings
  std::string audience;
  int64_t expiration_seconds = 0;
  bool operator==(const WorkloadIdentityAuth&) const = default;
};
using DatabricksAuthSpec = std::variant<TokenAuth, OAuthAuth, WorkloadIdentityAuth>;

struct DatabricksSpec {  // spec.databricks, besides its settings
  DatabricksAuthSpec auth;
  std::optional<CertificateAuthority> ca;
  std::optional<ProxyAuth> proxy_auth;  // proxyAuth
  bool operator==(const DatabricksSpec&) const = default;
};

enum class Storage { kHostPath, kEmptyDir };

struct DeliverySpec {                   // spec.delivery, besides its settings
  std::vector<std::string> adopt_from;  // uids of deleted exports of the same name
  Storage storage = Storage::kHostPath;
  bool operator==(const DeliverySpec&) const = default;
};

struct InjectionSpec {                              // spec.injection
  std::optional<LabelSelector> namespace_selector;  // not set: only its own namespace
  bool operator==(const InjectionSpec&) const = default;
};

struct DualTraceExport {
  kube::ObjectKey key;
  std::string uid;
  int64_t generation = 0;
  std::optional<ArizeSpec> arize;  // at least one of the two is set
  std::optional<DatabricksSpec> databricks;
  DeliverySpec delivery;
  InjectionSpec injection;
  // The old behavior that it keeps beyond `injection`; not set by parse_export().
  Consent consent = Consent::kExplicit;
  AgentSpec agent;
  Settings settings;                                       // of all sections
  std::map<std::string, std::string> resource_attributes;  // spec.resourceAttributes

  // nullptr if neither the export nor a default sets it.
  [[nodiscard]] const std::string* setting(std::string_view config_key) const {
    const auto found = settings.find(config_key);
    return found == settings.end() ? nullptr : &found->second;
  }
  bool operator==(const DualTraceExport&) const = default;
};

struct ExportFault {
  std::string path;     // "spec.databricks.workspaceURL"
  std::string message;  // what is wrong and what to write instead
  bool operator==(const ExportFault&) const = default;
};

// The export, or every fault that was found: then the list is not empty.
struct ExportOrFaults {
  std::optional<DualTraceExport> value;
  std::vector<ExportFault> faults;
};
[[nodiscard]] ExportOrFaults parse_export(const Json& object);

// "path: message; path: message", for a condition.
[[nodiscard]] std::string to_string(const std::vector<ExportFault>& faults);

}  // namespace dualtrace::ctl
