// SPDX-License-Identifier: Apache-2.0
#pragma once
// KnownExports: for every export, by its name, what is needed to choose one for a pod. It is read
// from the object once, when that changes (export_book.h), and not for each pod: reading a thousand
// takes milliseconds. An export that is being deleted no longer counts. Pure.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/api/consent.h"
#include "operator/api/label_selector.h"

namespace dualtrace::ctl {

struct KnownExport {
  bool faulty = true;
  std::optional<LabelSelector> others{};  // admitted besides its own namespace; nullopt: none
  bool lets_all_send = false;             // its agents' NetworkPolicy admits every pod
  bool meant_elsewhere = false;           // by "true" in a namespace that has no export
  bool operator==(const KnownExport&) const = default;
};

using KnownExports = std::map<kube::ObjectKey, KnownExport>;

// Checks the whole object, as parse_export() does. `key`: an object that is about to be created may
// not have its namespace yet.
[[nodiscard]] KnownExport read_known_export(const kube::ObjectKey& key, const Json& object,
                                            const ConsentRules& rules);

// The exports of one namespace, in the order of their names. Valid as long as `exports` lives.
[[nodiscard]] std::vector<const KnownExports::value_type*> exports_in(
    const std::string& namespace_name, const KnownExports& exports);

}  // namespace dualtrace::ctl
