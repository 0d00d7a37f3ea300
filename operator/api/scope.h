// SPDX-License-Identifier: Apache-2.0
#pragma once
// Scope: which exports an installation serves, where a cluster has several: those of its class, but
// in excluded namespaces. Like an ingress's, an export's class is a name that whoever installs
// gives to the operator (spec.className, --export-class); without one it is for the operator
// without one. All others are as good as not there. Immutable.

#include <set>
#include <string>
#include <string_view>

#include "common/json/json.h"

namespace dualtrace::ctl {

struct Scope {
  std::string class_name{};  // "": exports that name none
  std::set<std::string> excluded_namespaces{};

  [[nodiscard]] bool serves(const std::string& namespace_name, const Json& object) const {
    return text_at(object, {"spec", "className"}) == class_name &&
           !excluded_namespaces.contains(namespace_name);
  }
  bool operator==(const Scope&) const = default;
};

}  // namespace dualtrace::ctl
