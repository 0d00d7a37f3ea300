// SPDX-License-Identifier: Apache-2.0
#pragma once
// JavaOptions: the system properties that a container's variables set for every Java program in it.
// In Java's SDK they override the OTEL_… variables. The variables outlive it.
// Immutable.

#include <map>
#include <optional>
#include <string_view>

#include "operator/webhook/container_variables.h"

namespace dualtrace::ctl {

class JavaOptions {
 public:
  explicit JavaOptions(const ContainerVariables& variables);

  // "" for "-Dname" alone; nullopt if it is not set.
  [[nodiscard]] std::optional<std::string_view> property(std::string_view name) const;

 private:
  std::map<std::string_view, std::string_view> properties_;
};

}  // namespace dualtrace::ctl
