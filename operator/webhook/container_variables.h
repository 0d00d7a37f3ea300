// SPDX-License-Identifier: Apache-2.0
#pragma once
// ContainerVariables: what is known about a container's environment before it runs. The names in
// `env` are known, but not always their values. Of `envFrom`, which reads ConfigMaps and Secrets,
// only the possible names are known. The container outlives it. Immutable.

#include <optional>
#include <string>
#include <string_view>

#include "common/json/json.h"

namespace dualtrace::ctl {

class ContainerVariables {
 public:
  enum class EnvFrom { kMayBringAnything, kBringsNoneOfOurs };
  enum class State { kNotSet, kEmpty, kNotKnown, kSet };
  // The container must have passed check_readable() (readable.h).
  ContainerVariables(const Json& container, EnvFrom env_from)
      : env_(array_at(container, {"env"})),
        env_from_(array_at(container, {"envFrom"})),
        trust_(env_from) {}

  // In `env`, with a value or from a source.
  [[nodiscard]] bool sets(std::string_view name) const { return position(name).has_value(); }
  // envFrom could set it, and an entry of ours in `env` would override that.
  [[nodiscard]] bool may_bring(std::string_view name) const;
  // Whether an envFrom has a prefix that suggests this name. Without a prefix, it may bring any
  // name, but suggests none.
  [[nodiscard]] bool suggests(std::string_view name) const;
  [[nodiscard]] bool is_free(std::string_view name) const {
    return !sets(name) && !may_bring(name);
  }

  // The position of the last entry with that name in `env`, which takes precedence.
  [[nodiscard]] std::optional<size_t> position(std::string_view name) const;
  // As written, including `$(…)`; nullopt: it is not set, or comes from a source.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const;
  // The value that the container will see; nullopt also if that depends on other variables.
  [[nodiscard]] std::optional<std::string_view> literal(std::string_view name) const;
  // From `env` alone. kEmpty: no text, or only spaces, also after its references are resolved;
  // kNotKnown: the whole text comes from a source, or from references to one.
  [[nodiscard]] State state(std::string_view name) const;
  // Whether `$(name)` at this position of `env` always expands to a text without commas, equal
  // signs or references.
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
