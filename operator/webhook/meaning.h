// SPDX-License-Identifier: Apache-2.0
#pragma once
// How an export that is created, changed or deleted would change what "true" means for others: the
// pods of namespaces whose "true" led to one export so far, and would lead to another, to several
// or to none. export_reviewer.h tells its author. Pure.

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

// A warning for each kind of change, with the names of some namespaces. `namespaces`: those that
// are known. Of several exports in one namespace, for that namespace itself, it says nothing: that
// has its own warning.
[[nodiscard]] std::vector<std::string> changes_of_meaning(
    const ExportChange& change, const KnownExports& exports,
    const std::vector<PodNamespace>& namespaces);

}  // namespace dualtrace::ctl
