// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/pod_trouble.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/time/rfc3339.h"
#include "operator/reconcile/observe.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kMessageBytesMax = 256;
constexpr std::array<std::string_view, 2> kContainerLists = {"initContainerStatuses",
                                                             "containerStatuses"};

std::string cut_text(std::string_view text) { return cut(text, kMessageBytesMax); }

const Json* condition_of(const Json& pod, std::string_view type) {
  for (const Json& condition : array_at(pod, {"status", "conditions"})) {
    if (text_at(condition, {"type"}) == type) return &condition;
  }
  return nullptr;
}

// From the output of a container that terminated (FallbackToLogsOnError): the last line has the
// reason.
std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const size_t line = text.rfind('\n');
  return cut_text(line == std::string_view::npos ? text : text.substr(line + 1));
}

// The kubelet alternates between "cannot pull" and "back-off"; that is one and the same trouble.
PodTrouble image_trouble(std::string_view reason, std::string_view message) {
  constexpr std::string_view kCause = "ErrImagePull: ";
  if (reason != "ErrImagePull" && reason != "ImagePullBackOff") {
    return {std::string(reason), cut_text(message)};
  }
  const size_t cause = message.find(kCause);
  if (cause != std::string_view::npos) message.remove_prefix(cause + kCause.size());
  return {"ImagePullBackOff", cut_text(message)};
}

bool is_about_images(std::string_view reason) {
  return reason.starts_with("ErrImage") || reason.starts_with("ImagePull") ||
         reason == "InvalidImageName" || reason == "ImageInspectError";
}

// Any other reason for which a container waits is temporary.
bool is_about_creation(std::string_view reason) {
  return reason == "CreateContainerConfigError" || reason == "CreateContainerError" ||
         reason == "RunContainerError" || reason == "PreStartHookError";
}

PodTrouble crash(const Json& container) {
  const Json* ended = find(container, {"lastState", "terminated"});
  if (ended == nullptr) ended = find(container, {"state", "terminated"});
  PodTrouble trouble{"CrashLoopBackOff", ""};
  if (ended == nullptr) return trouble;
  const std::string why(text_at(*ended, {"reason"}));
  const auto code = integer_at(*ended, {"exitCode"});
  trouble.message = why.empty() ? "the container exited" : why;
  if (code) trouble.message += ", exit code " + std::to_string(*code);
  const std::string said = last_line(text_at(*ended, {"message"}));
  if (!said.empty()) trouble.message += ": " + said;
  return trouble;
}

// An init container that has completed is not ready, but has no problem.
bool has_crashed(const Json& container) {
  const Json* ready = find(container, {"ready"});
  if (ready != nullptr && *ready == true) return false;
  if (text_at(container, {"state", "waiting", "reason"}) == "CrashLoopBackOff") return true;
  return integer_at(container, {"restartCount"}).value_or(0) > 0 &&
         integer_at(container, {"lastState", "terminated", "exitCode"}).value_or(0) != 0 &&
         integer_at(container, {"state", "terminated", "exitCode"}).value_or(1) != 0;
}

std::optional<PodTrouble> container_trouble(const Json& container) {
  const std::string_view reason = text_at(container, {"state", "waiting", "reason"});
  const std::string_view message = text_at(container, {"state", "waiting", "message"});
  if (is_about_images(reason)) return image_trouble(reason, message);
  if (is_about_creation(reason)) return PodTrouble{std::string(reason), cut_text(message)};
  if (has_crashed(container)) return crash(container);
  return std::nullopt;
}

void keep(Json& into, const Json& from, std::string_view name) {
  if (const Json* found = find(from, {name})) into[std::string(name)] = *found;
}

Json kept_container(const Json& container) {
  Json kept = Json::object();
  keep(kept, container, "ready");
  keep(kept, container, "restartCount");
  if (const Json* waiting = find(container, {"state", "waiting"})) {
    kept["state"]["waiting"] = {{"reason", text_at(*waiting, {"reason"})},
                                {"message", cut_text(text_at(*waiting, {"message"}))}};
  }
  for (const char* state : {"state", "lastState"}) {
    const Json* ended = find(container, {state, "terminated"});
    if (ended == nullptr) continue;
    Json& into = kept[state]["terminated"];
    into = Json::object();
    keep(into, *ended, "exitCode");
    keep(into, *ended, "reason");
    const std::string said = last_line(text_at(*ended, {"message"}));
    if (!said.empty()) into["message"] = said;
  }
  return kept;
}

}  // namespace

std::string node_of(const Json& pod) {
  const std::string_view placed = text_at(pod, {"spec", "nodeName"});
  if (!placed.empty()) return std::string(placed);
  const Json& terms =
      array_at(pod, {"spec", "affinity", "nodeAffinity",
                     "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"});
  for (const Json& term : terms) {
    for (const Json& field : array_at(term, {"matchFields"})) {
      const Json& values = array_at(field, {"values"});
      if (text_at(field, {"key"}) != "metadata.name" || values.size() != 1) continue;
      if (values[0].is_string()) return values[0].get<std::string>();
    }
  }
  return std::string(text_at(pod, {"spec", "wantedNode"}));  // trimmed
}

std::string to_string(const PodTrouble& trouble) {
  return trouble.message.empty() ? trouble.reason : trouble.reason + ": " + trouble.message;
}

std::optional<PodTrouble> pod_trouble(const Json& pod) {
  if (text_at(pod, {"status", "phase"}) == "Failed") {
    const std::string_view reason = text_at(pod, {"status", "reason"});
    return PodTrouble{reason.empty() ? "PodFailed" : std::string(reason),
                      cut_text(text_at(pod, {"status", "message"}))};
  }
  if (const Json* scheduled = condition_of(pod, "PodScheduled")) {
    if (text_at(*scheduled, {"status"}) == "False") {
      const std::string_view reason = text_at(*scheduled, {"reason"});
      return PodTrouble{reason.empty() ? "Unschedulable" : std::string(reason),
                        cut_text(text_at(*scheduled, {"message"}))};
    }
  }
  for (const std::string_view list : kContainerLists) {
    for (const Json& container : array_at(pod, {"status", list})) {
      if (auto trouble = container_trouble(container)) return trouble;
    }
  }
  return std::nullopt;
}

bool is_on_unheard_node(const Json& pod) {
  const Json& containers = array_at(pod, {"status", "containerStatuses"});
  return !is_ready(pod) && !containers.empty() &&
         std::all_of(containers.begin(), containers.end(), [](const Json& container) {
           const Json* ready = find(container, {"ready"});
           return ready != nullptr && *ready == true;
         });
}

std::optional<WallTime> waits_for_kubelet_since(const Json& pod) {
  const bool taken_up = !text_at(pod, {"status", "startTime"}).empty() ||
                        !text_at(pod, {"status", "podIP"}).empty() ||
                        !array_at(pod, {"status", "containerStatuses"}).empty();
  if (taken_up || text_at(pod, {"spec", "nodeName"}).empty()) return std::nullopt;
  const auto made = parse_rfc3339(text_at(pod, {"metadata", "creationTimestamp"}));
  if (!made) return std::nullopt;
  return *made;
}

Json kept_trouble(const Json& pod) {
  Json status = Json::object();
  const Json* found = find(pod, {"status"});
  if (found == nullptr) return status;
  for (const std::string_view name : {"phase", "podIP", "startTime"}) keep(status, *found, name);
  if (text_at(*found, {"phase"}) == "Failed") {
    keep(status, *found, "reason");
    status["message"] = cut_text(text_at(*found, {"message"}));
  }
  if (const Json* ready = condition_of(pod, "Ready")) {
    Json kept = Json::object();
    for (const std::string_view name : {"type", "status", "lastTransitionTime"}) {
      keep(kept, *ready, name);
    }
    status["conditions"].push_back(std::move(kept));
  }
  const Json* scheduled = condition_of(pod, "PodScheduled");
  if (scheduled != nullptr && text_at(*scheduled, {"status"}) == "False") {
    Json kept = {{"message", cut_text(text_at(*scheduled, {"message"}))}};
    for (const std::string_view name : {"type", "status", "reason"}) keep(kept, *scheduled, name);
    status["conditions"].push_back(std::move(kept));
  }
  for (const Json& container : array_at(pod, {"status", "containerStatuses"})) {
    status["containerStatuses"].push_back(kept_container(container));
  }
  // Init containers that have completed are left out.
  for (const Json& container : array_at(pod, {"status", "initContainerStatuses"})) {
    if (container_trouble(container)) {
      status["initContainerStatuses"].push_back(kept_container(container));
    }
  }
  return status;
}

}  // namespace dualtrace::ctl
