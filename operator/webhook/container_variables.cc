// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/container_variables.h"

#include <algorithm>
#include <array>
#include <vector>

namespace dualtrace::ctl {
namespace {

// Fields of a pod that are names, numbers or one address. Not podIPs and hostIPs, which contain
// commas, nor labels and annotations, which may contain anything.
constexpr auto kWordFields = std::to_array<std::string_view>(
    {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
     "spec.serviceAccountName", "status.hostIP", "status.podIP"});

bool is_word_source(const Json& source) {
  if (find(source, {"resourceFieldRef"}) != nullptr) return true;
  const std::string_view field = text_at(source, {"fieldRef", "fieldPath"});
  return std::find(kWordFields.begin(), kWordFields.end(), field) != kWordFields.end();
}

constexpr size_t kReferencesFollowed = 8;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::optional<std::string_view> text_of(const Json& entry) {
  const Json* source = find(entry, {"valueFrom"});
  if (source != nullptr && !source->is_null()) return std::nullopt;
  return text_at(entry, {"value"});
}

}  // namespace

bool ContainerVariables::may_bring(std::string_view name) const {
  if (trust_ == EnvFrom::kBringsNoneOfOurs) return false;
  return std::any_of(env_from_.begin(), env_from_.end(), [&](const Json& source) {
    return name.starts_with(text_at(source, {"prefix"}));
  });
}

bool ContainerVariables::suggests(std::string_view name) const {
  if (trust_ == EnvFrom::kBringsNoneOfOurs) return false;
  return std::any_of(env_from_.begin(), env_from_.end(), [&](const Json& source) {
    const std::string_view prefix = text_at(source, {"prefix"});
    return !prefix.empty() && name.starts_with(prefix);
  });
}

std::optional<size_t> ContainerVariables::position(std::string_view name) const {
  for (size_t i = env_.size(); i > 0; --i) {
    if (text_at(env_[i - 1], {"name"}) == name) return i - 1;
  }
  return std::nullopt;
}

std::optional<std::string_view> ContainerVariables::text(std::string_view name) const {
  const auto at = position(name);
  return at ? text_of(env_[*at]) : std::nullopt;
}

std::optional<std::string_view> ContainerVariables::literal(std::string_view name) const {
  const auto written = text(name);
  if (!written || written->find('$') != std::string_view::npos) return std::nullopt;
  return written;
}

ContainerVariables::State ContainerVariables::state(std::string_view name) const {
  const auto at = position(name);
  return at ? state_at(*at) : State::kNotSet;
}

ContainerVariables::State ContainerVariables::state_at(size_t position) const {
  const auto written = text_of(env_[position]);
  if (!written) return State::kNotKnown;
  std::vector<std::string_view> references;
  for (std::string_view rest = *written; !rest.empty();) {
    const size_t end = rest.starts_with("$(") ? rest.find(')') : std::string_view::npos;
    if (end != std::string_view::npos) {
      references.push_back(rest.substr(2, end - 2));
      rest.remove_prefix(end + 1);
    } else if (is_space(rest.front())) {
      rest.remove_prefix(1);
    } else {
      return State::kSet;
    }
  }
  if (references.size() > kReferencesFollowed) return State::kNotKnown;
  for (const std::string_view name : references) {
    const State referred = state_before(name, position);
    if (referred != State::kEmpty) return referred;
  }
  return State::kEmpty;
}

// The nearest earlier entry. A name that is not in `env` may come from envFrom or a Service.
// References inside a referenced value are not followed, because a few bytes could expand
// without limit.
ContainerVariables::State ContainerVariables::state_before(std::string_view name,
                                                           size_t position) const {
  for (size_t i = position; i > 0; --i) {
    const Json& entry = env_[i - 1];
    if (text_at(entry, {"name"}) != name) continue;
    const auto written = text_of(entry);
    if (!written || written->find('$') != std::string_view::npos) return State::kNotKnown;
    return std::all_of(written->begin(), written->end(), is_space) ? State::kEmpty : State::kSet;
  }
  return State::kNotKnown;
}

bool ContainerVariables::is_word(std::string_view name, size_t before) const {
  for (size_t i = before; i > 0; --i) {
    const Json& entry = env_[i - 1];
    if (text_at(entry, {"name"}) != name) continue;
    const auto written = text_of(entry);
    return written ? written->find_first_of(",=$%") == std::string_view::npos
                   : is_word_source(entry["valueFrom"]);
  }
  return false;
}

}  // namespace dualtrace::ctl
