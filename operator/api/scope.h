// SPDX-License-Identifier: Apache-2.0
#pragma once
// Scope: which exports an installation serves if a cluster has several installations: those of its
// class, except in excluded namespaces. Like an ingress class, the class is a name that is chosen
// at installation (--export-class) and that exports set (spec.className); an operator without a
// class serves exports without one. All other exports are ignored. Immutable.

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
