// SPDX-License-Identifier: Apache-2.0
#pragma once
// Consent: what an export that is older than the rules of consent still gets without having asked
// for it. Since these rules, an export without spec.injection.namespaceSelector admits its own
// namespace alone, "true" leads to another namespace only where the installation shares that one,
// and the agents' NetworkPolicy lets in who is admitted. Before, all three were open to everybody.
//   An export that was there before goes on as before, and its status says what to write. That it
// was there is told by its status: the operator of before wrote none of the words below. The word
// is kept in status.consent, by which an export that has once been under the rules stays there.
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
  kExplicit,          // what the export and the installation say, and no more
  kTrueAsBefore,      // "true" may mean it elsewhere
  kSelectedAsBefore,  // that, and whoever is not admitted still reaches the agents
  kAllAsBefore,       // that, and all namespaces are admitted: no selector is written
};

inline constexpr auto kConsentWords = std::to_array<std::string_view>(
    {"Explicit", "TrueAsBefore", "SelectedAsBefore", "AllAsBefore"});

[[nodiscard]] inline std::string_view to_string(Consent consent) {
  return kConsentWords.at(static_cast<size_t>(consent));
}

// What the installation says.
struct ConsentRules {
  std::set<std::string> shared_namespaces{};  // whose exports "true" means in other namespaces
  bool as_before = true;                      // false: nothing goes on as before any more
  bool operator==(const ConsentRules&) const = default;
};

// `object`: the export as the API server has it, with its status.
[[nodiscard]] Consent consent_of(const Json& object, const ConsentRules& rules);

// The namespaces besides the export's own whose pods may ask for it, and those whose pods reach its
// agents. `written`: spec.injection.namespaceSelector. nullopt: none.
[[nodiscard]] std::optional<LabelSelector> who_may_ask(const std::optional<LabelSelector>& written,
                                                       Consent consent);
[[nodiscard]] std::optional<LabelSelector> who_may_send(const std::optional<LabelSelector>& written,
                                                        Consent consent);
// Whether "true" may mean an export of `namespace_name` in a namespace that has none.
[[nodiscard]] bool is_meant_elsewhere(const std::string& namespace_name, Consent consent,
                                      const ConsentRules& rules);

// What to write before nothing goes on as before: one sentence for each thing that does. Short
// enough for warnings, which the API server cuts at 256 characters.
[[nodiscard]] std::vector<std::string> consent_notices(const kube::ObjectKey& key, Consent consent,
                                                       const ConsentRules& rules);

}  // namespace dualtrace::ctl
