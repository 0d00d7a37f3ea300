// SPDX-License-Identifier: Apache-2.0
#include "common/kube/list_watch.h"

namespace dualtrace::kube {

void make_keepable(const Selection& selection, Json& object) {
  object["apiVersion"] = selection.type.api_version();
  object["kind"] = selection.type.kind;
  if (selection.trim) selection.trim(object);  // before managedFields go: trim() may read them
  if (const auto metadata = object.find("metadata");
      metadata != object.end() && metadata->is_object()) {
    metadata->erase("managedFields");
  }
}

}  // namespace dualtrace::kube
