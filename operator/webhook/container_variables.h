// SPDX-License-Identifier: Apache-2.0
#pragma once
// ContainerVariables: what is known of a container's environment before it runs. What `env` sets is
// known, though not always its value; what `envFrom` brings from ConfigMaps and Secrets is not
// known at all, only which names it could bring. The container outlives it. Immutable.

#include <optional>
#include <string>
#include <string_view>

#include "common/json/json.h"

namespace dualtrace::ctl {

class ContainerVariables {
 public:
  enum class EnvFrom { kMayBringAnything, kBringsNoneOfOurs };
  enum class State { kNotSet, kEmpty, kNotKnown, kSet };
  // The container is one that check_readable() (readable.h) has passed.
  ContainerVariables(const Json& container, EnvFrom env_from)
      : env_(array_at(container, {"env"})),
        env_from_(array_at(container, {"envFrom"})),
        trust_(env_from) {}

  // By `env`, with a value or from a source.
  [[nodiscard]] bool sets(std::string_view name) const { return position(name).has_value(); }
  // envFrom could bring it, and an entry of ours in `env` would override it.
  [[nodiscard]] bool may_bring(std::string_view name) const;
  [[nodiscard]] bool is_free(std::string_view name) const {
    return !sets(name) && !may_bring(name);
  }

  // Of the last entry of that name in `env`, the one that holds.
  [[nodiscard]] std::optional<size_t> position(std::string_view name) const;
  // As it is written, `$(…)` included; nullopt: it is not set, or comes from a source.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const;
  // The value that the container will see; nullopt also where that depends on other variables.
  [[nodiscard]] std::optional<std::string_view> literal(std::string_view name) const;
  // Of `env` alone. kEmpty: no text at all, or only spaces, also once its references are resolved;
  // kNotKnown: all of it comes from a source, or from references that do.
  [[nodiscard]] State state(std::string_view name) const;
  // Whether `$(name)` at this position of `env` becomes a text without commas, equal signs or
  // references, whatever it is.
  [[nodiscard]] bool is_word(std::string_view name, size_t before) const;

  [[nodiscard]] const Json& env() const { return env_; }

 private:
  [[nodiscard]] State state_at(size_t position) const;
  [[nodiscard]] State state_before(std::string_view name, size_t position) const;

  const Json& env_;
  const Json& env_from_;
  const EnvFrom trust_;
};

}  // namespace dualtrace::ctl
