// SPDX-License-Identifier: Apache-2.0
#pragma once
// How creating, changing or deleting an export would change what "true" means for others: for pods
// of namespaces whose "true" means one export so far, and would mean another, several or none.
// export_reviewer.h warns the author. Pure.

#include <optional>
#include <string>
#include <vector>

#include "operator/webhook/known_exports.h"
#include "operator/webhook/request.h"

namespace dualtrace::ctl {

struct ExportChange {
  kube::ObjectKey key;
  std::optional<KnownExport> after;  // nullopt: it is deleted
};

// A warning for each kind of change, with the names of some namespaces. `namespaces`: the known
// ones. If one namespace has several exports, that has its own warning and is not reported here.
[[nodiscard]] std::vector<std::string> changes_of_meaning(
    const ExportChange& change, const KnownExports& exports,
    const std::vector<PodNamespace>& namespaces);

}  // namespace dualtrace::ctl
