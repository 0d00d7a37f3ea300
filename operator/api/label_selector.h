// SPDX-License-Identifier: Apache-2.0
#pragma once
// LabelSelector: which labels match, with the semantics of Kubernetes' matchLabels and
// matchExpressions. parse_export() reads one from an export; webhook/ matches a namespace's labels
// against it. Immutable.

#include <map>
#include <string>
#include <vector>

#include "common/json/json.h"

namespace dualtrace::ctl {

using Labels = std::map<std::string, std::string>;

enum class LabelOperator { kIn, kNotIn, kExists, kDoesNotExist };

struct LabelRequirement {  // one of matchExpressions
  std::string key;
  LabelOperator op = LabelOperator::kExists;
  std::vector<std::string> values;  // kIn, kNotIn: at least one
  bool operator==(const LabelRequirement&) const = default;
};

struct LabelSelector {  // empty: everything matches
  Labels match_labels;
  std::vector<LabelRequirement> match_expressions;
  bool operator==(const LabelSelector&) const = default;
};

// Every requirement of the selector must hold. NotIn holds for labels without the key.
[[nodiscard]] bool matches(const LabelSelector& selector, const Labels& labels);
// As written in a Kubernetes object.
[[nodiscard]] Json to_json(const LabelSelector& selector);
// Whether the result depends on labels other than `key`.
[[nodiscard]] bool asks_for_more_than(const LabelSelector& selector, const std::string& key);

}  // namespace dualtrace::ctl
