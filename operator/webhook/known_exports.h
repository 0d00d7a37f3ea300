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
#include "operator/api/label_selector.h"

namespace dualtrace::ctl {

struct KnownExport {
  std::optional<LabelSelector> admits{};  // namespaces; nullopt: the export has faults
  bool operator==(const KnownExport&) const = default;
};

using KnownExports = std::map<kube::ObjectKey, KnownExport>;

// Checks all of it, as parse_export() does.
[[nodiscard]] KnownExport read_known_export(const Json& object);

// Those of one namespace, in the order of their names. As long as `exports` lives.
[[nodiscard]] std::vector<const KnownExports::value_type*> exports_in(
    const std::string& namespace_name, const KnownExports& exports);

}  // namespace dualtrace::ctl
