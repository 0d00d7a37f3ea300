// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/child.h"

#include "operator/plan/names.h"

namespace dualtrace::ctl {

Json child(const DualTraceExport& wanted, const kube::ResourceType& type) {
  const Json owner = {{"apiVersion", kDualTraceExports.api_version()},
                      {"kind", kDualTraceExports.kind},
                      {"name", wanted.key.name},
                      {"uid", wanted.uid},
                      {"controller", true},
                      {"blockOwnerDeletion", true}};
  Json object = {{"apiVersion", type.api_version()},
                 {"kind", type.kind},
                 {"metadata",
                  {{"name", child_name(wanted.key.name)},
                   {"namespace", wanted.key.namespace_name},
                   {"labels", labels_of(wanted)},
                   {"ownerReferences", Json::array({owner})}}}};
  const Labels& annotations = wanted.agent.annotations;
  if (!annotations.empty()) object["metadata"]["annotations"] = annotations;
  return object;
}

Json labels_of(const DualTraceExport& wanted) {
  Json labels = child_labels(wanted.key.name);
  for (const auto& [name, value] : wanted.agent.labels) {
    if (!labels.contains(name)) labels[name] = value;
  }
  return labels;
}

}  // namespace dualtrace::ctl
