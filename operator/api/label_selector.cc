// SPDX-License-Identifier: Apache-2.0
#include "operator/api/label_selector.h"

#include <algorithm>
#include <string_view>

namespace dualtrace::ctl {
namespace {

bool holds(const LabelRequirement& requirement, const Labels& labels) {
  const auto label = labels.find(requirement.key);
  const bool exists = label != labels.end();
  const auto& values = requirement.values;
  const bool listed =
      exists && std::find(values.begin(), values.end(), label->second) != values.end();
  switch (requirement.op) {
    case LabelOperator::kIn:
      return listed;
    case LabelOperator::kNotIn:
      return !listed;
    case LabelOperator::kExists:
      return exists;
    case LabelOperator::kDoesNotExist:
      return !exists;
  }
  return false;
}

std::string_view to_string(LabelOperator op) {
  switch (op) {
    case LabelOperator::kIn:
      return "In";
    case LabelOperator::kNotIn:
      return "NotIn";
    case LabelOperator::kExists:
      return "Exists";
    case LabelOperator::kDoesNotExist:
      return "DoesNotExist";
  }
  return "";
}

}  // namespace

Json to_json(const LabelSelector& selector) {
  Json made = Json::object();
  if (!selector.match_labels.empty()) made["matchLabels"] = selector.match_labels;
  for (const LabelRequirement& requirement : selector.match_expressions) {
    Json one = {{"key", requirement.key}, {"operator", to_string(requirement.op)}};
    if (!requirement.values.empty()) one["values"] = requirement.values;
    made["matchExpressions"].push_back(std::move(one));
  }
  return made;
}

bool matches(const LabelSelector& selector, const Labels& labels) {
  const auto equal = [&](const auto& wanted) {
    const auto label = labels.find(wanted.first);
    return label != labels.end() && label->second == wanted.second;
  };
  return std::all_of(selector.match_labels.begin(), selector.match_labels.end(), equal) &&
         std::all_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const auto& requirement) { return holds(requirement, labels); });
}

bool asks_for_more_than(const LabelSelector& selector, const std::string& key) {
  return std::any_of(selector.match_labels.begin(), selector.match_labels.end(),
                     [&](const auto& wanted) { return wanted.first != key; }) ||
         std::any_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const auto& requirement) { return requirement.key != key; });
}

}  // namespace dualtrace::ctl
