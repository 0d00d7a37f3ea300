// SPDX-License-Identifier: Apache-2.0
#pragma once
// KnownExports: of every export what choosing one for a pod needs, by its name. Read from the
// object once, when it changes (export_book.h), and not each time a pod asks: reading a thousand
// takes milliseconds. An export that is being deleted is none any more. Pure.

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
  std::optional<LabelSelector> others{};  // who may ask besides its own namespace; nullopt: nobody
  bool lets_all_send = false;             // its agents' NetworkPolicy keeps no pod out
  bool meant_elsewhere = false;           // by "true" in a namespace that has no export
  bool operator==(const KnownExport&) const = default;
};

using KnownExports = std::map<kube::ObjectKey, KnownExport>;

// Checks all of it, as parse_export() does. `key`: an object that is about to be created may not
// have its namespace yet.
[[nodiscard]] KnownExport read_known_export(const kube::ObjectKey& key, const Json& object,
                                            const ConsentRules& rules);

// Those of one namespace, in the order of their names. As long as `exports` lives.
[[nodiscard]] std::vector<const KnownExports::value_type*> exports_in(
    const std::string& namespace_name, const KnownExports& exports);

}  // namespace dualtrace::ctl
