// SPDX-License-Identifier: Apache-2.0
#include "operator/api/consent.h"

#include <algorithm>

namespace dualtrace::ctl {
namespace {

bool has_selector(const Json& object) {
  const Json* selector = find(object, {"spec", "injection", "namespaceSelector"});
  return selector != nullptr && !selector->is_null();
}

// nullopt: an operator without consent rules wrote this status.
std::optional<Consent> word_in(const Json& object) {
  const Json* word = find(object, {"status", "consent"});
  if (word == nullptr) return std::nullopt;
  const auto found =
      std::find(kConsentWords.begin(), kConsentWords.end(), text_at(object, {"status", "consent"}));
  // An unknown word of a later version grants nothing.
  if (found == kConsentWords.end()) return Consent::kExplicit;
  return static_cast<Consent>(found - kConsentWords.begin());
}

}  // namespace

Consent consent_of(const Json& object, const ConsentRules& rules) {
  if (!rules.as_before) return Consent::kExplicit;
  // An export that has no status yet is new, so the consent rules apply to it.
  if (!integer_at(object, {"status", "observedGeneration"})) return Consent::kExplicit;
  const auto word = word_in(object);
  if (!word) return has_selector(object) ? Consent::kSelectedAsBefore : Consent::kAllAsBefore;
  // Its author has set a selector since. Removing the selector later does not open the export
  // again.
  const Consent now =
      word == Consent::kAllAsBefore && has_selector(object) ? Consent::kTrueAsBefore : *word;
  const bool settled = now == Consent::kTrueAsBefore && !rules.shared_namespaces.empty();
  return settled ? Consent::kExplicit : now;
}

std::optional<LabelSelector> who_may_ask(const std::optional<LabelSelector>& written,
                                         Consent consent) {
  if (!written && consent == Consent::kAllAsBefore) return LabelSelector{};
  return written;
}

std::optional<LabelSelector> who_may_send(const std::optional<LabelSelector>& written,
                                          Consent consent) {
  if (consent == Consent::kSelectedAsBefore) return LabelSelector{};
  return who_may_ask(written, consent);
}

bool is_meant_elsewhere(const std::string& namespace_name, Consent consent,
                        const ConsentRules& rules) {
  if (rules.shared_namespaces.empty()) return consent != Consent::kExplicit;
  return rules.shared_namespaces.contains(namespace_name);
}

std::vector<std::string> consent_notices(const kube::ObjectKey& key, Consent consent,
                                         const ConsentRules& rules) {
  std::vector<std::string> notices;
  if (consent == Consent::kAllAsBefore) {
    notices.emplace_back(
        "spec.injection.namespaceSelector: not set; admits all namespaces only until the consent "
        "rules apply; set {} to admit all, or the labels of those that may send, such as "
        "{matchLabels: {kubernetes.io/metadata.name: shop}}");
  } else if (consent == Consent::kSelectedAsBefore) {
    notices.emplace_back(
        "spec.injection.namespaceSelector: pods of other namespaces still reach the agents, until "
        "the consent rules apply; admit the namespaces that may send");
  }
  if (consent != Consent::kExplicit && rules.shared_namespaces.empty()) {
    notices.push_back(
        "\"true\" in other namespaces means this export only until the consent rules apply; add " +
        key.namespace_name + " to the installation's sharedNamespaces, or write \"" +
        key.to_string() + "\" on these pods");
  }
  return notices;
}

}  // namespace dualtrace::ctl
