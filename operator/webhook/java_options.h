// SPDX-License-Identifier: Apache-2.0
#pragma once
// JavaOptions: the system properties that variables of a container give to every Java program in
// it. Java's SDK believes them before it believes any OTEL_… variable. The variables outlive it.
// Immutable.

#include <map>
#include <optional>
#include <string_view>

#include "operator/webhook/container_variables.h"

namespace dualtrace::ctl {

class JavaOptions {
 public:
  explicit JavaOptions(const ContainerVariables& variables);

  // "" for "-Dname" alone; nullopt when it is not there.
  [[nodiscard]] std::optional<std::string_view> property(std::string_view name) const;

 private:
  std::map<std::string_view, std::string_view> properties_;
};

}  // namespace dualtrace::ctl
