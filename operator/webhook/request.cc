// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/request.h"

#include "operator/api/injection_words.h"
#include "operator/api/kubernetes_rules.h"

namespace dualtrace::ctl {
namespace {

using Read = std::optional<OrRefusal<InjectionRequest>>;

// "export" is one of the pod's own namespace. The name of a namespace contains no dot, so the first
// dot in a label ends it, even if the export's name has dots itself.
Read read_value(std::string_view value, char separator, const PodNamespace& from,
                std::string_view where) {
  if (value == kInjectNone) return std::nullopt;
  if (value == kInjectAny) return InjectionRequest{};
  const size_t at = value.find(separator);
  const bool apart = at != std::string_view::npos;
  const std::string_view space = apart ? value.substr(0, at) : std::string_view(from.name);
  const std::string_view name = apart ? value.substr(at + 1) : value;
  if (check_object_name(space) && check_object_name(name)) {
    return InjectionRequest{kube::ObjectKey{std::string(space), std::string(name)}};
  }
  return Refusal{SkipReason::kInvalidRequest,
                 std::string(where) +
                     " has an invalid value; write \"true\", \"false\", the name of a "
                     "DualTraceExport, or <namespace>" +
                     separator + "<name>"};
}

}  // namespace

Read read_request(const Json& pod, const PodNamespace& from) {
  std::optional<std::string> own;
  const Json* annotation = find(pod, {"metadata", "annotations", kInjectWord});
  if (annotation != nullptr && annotation->is_string()) own = annotation->get<std::string>();
  return read_request(own, from);
}

Read read_request(const std::optional<std::string>& own, const PodNamespace& from) {
  const std::string word(kInjectWord);
  if (own) return read_value(*own, '/', from, "the annotation " + word + " of the pod");
  if (!from.labels) return std::nullopt;
  const auto label = from.labels->find(word);
  if (label == from.labels->end()) return std::nullopt;
  return read_value(label->second, '.', from, "the label " + word + " of the namespace");
}

}  // namespace dualtrace::ctl
