// SPDX-License-Identifier: Apache-2.0
#pragma once
// Consent: which parts of the old behavior an export keeps if it predates the consent rules. Under
// these rules, an export without spec.injection.namespaceSelector admits only its own namespace,
// "true" means an export of another namespace only if the installation shares that namespace, and
// the agents' NetworkPolicy admits only pods of admitted namespaces. Before these rules, all three
// were open to everybody.
//   An export that existed before keeps working as before, and its status says what to write. The
// old operator wrote none of the words below, so the status shows whether an export is older. The
// word is kept in status.consent, so that the rules never stop applying to an export once they
// apply.
// Pure.

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/api/label_selector.h"

namespace dualtrace::ctl {

enum class Consent {
  kExplicit,          // only what the export and the installation set
  kTrueAsBefore,      // "true" may mean it in other namespaces
  kSelectedAsBefore,  // that, and pods that are not admitted still reach the agents
  kAllAsBefore,       // that, and all namespaces are admitted: no selector is set
};

inline constexpr auto kConsentWords = std::to_array<std::string_view>(
    {"Explicit", "TrueAsBefore", "SelectedAsBefore", "AllAsBefore"});

[[nodiscard]] inline std::string_view to_string(Consent consent) {
  return kConsentWords.at(static_cast<size_t>(consent));
}

// The installation's settings.
struct ConsentRules {
  std::set<std::string> shared_namespaces{};  // whose exports "true" means in other namespaces
  bool as_before = true;                      // false: the rules apply to every export
  bool operator==(const ConsentRules&) const = default;
};

// `object`: the export as stored by the API server, with its status.
[[nodiscard]] Consent consent_of(const Json& object, const ConsentRules& rules);

// The namespaces besides the export's own whose pods may request it, and those whose pods reach its
// agents. `written`: spec.injection.namespaceSelector. nullopt: none.
[[nodiscard]] std::optional<LabelSelector> who_may_ask(const std::optional<LabelSelector>& written,
                                                       Consent consent);
[[nodiscard]] std::optional<LabelSelector> who_may_send(const std::optional<LabelSelector>& written,
                                                        Consent consent);
// Whether "true" may mean an export of `namespace_name` in a namespace that has none.
[[nodiscard]] bool is_meant_elsewhere(const std::string& namespace_name, Consent consent,
                                      const ConsentRules& rules);

// What to write before the rules apply: one sentence for each part of the old behavior. Short
// enough for warnings, which the API server truncates to 256 characters.
[[nodiscard]] std::vector<std::string> consent_notices(const kube::ObjectKey& key, Consent consent,
                                                       const ConsentRules& rules);

}  // namespace dualtrace::ctl
