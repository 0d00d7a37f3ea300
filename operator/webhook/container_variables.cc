#include "operator/webhook/container_variables.h"

#include <algorithm>
#include <array>

namespace dualtrace::ctl {
namespace {

// Fields of a pod that are names, numbers or one address. Not podIPs and hostIPs, which have
// commas, nor labels and annotations, which may be anything.
constexpr auto kWordFields = std::to_array<std::string_view>(
    {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
     "spec.serviceAccountName", "status.hostIP", "status.podIP"});

bool is_word_source(const Json& source) {
  if (find(source, {"resourceFieldRef"}) != nullptr) return true;
  const std::string_view field = text_at(source, {"fieldRef", "fieldPath"});
  return std::find(kWordFields.begin(), kWordFields.end(), field) != kWordFields.end();
}

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
