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
  return {{"apiVersion", type.api_version()},
          {"kind", type.kind},
          {"metadata",
           {{"name", child_name(wanted.key.name)},
            {"namespace", wanted.key.namespace_name},
            {"labels", child_labels(wanted.key.name)},
            {"ownerReferences", Json::array({owner})}}}};
}

}  // namespace dualtrace::ctl
