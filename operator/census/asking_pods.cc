// SPDX-License-Identifier: Apache-2.0
#include "operator/census/asking_pods.h"

#include <array>
#include <string_view>
#include <utility>

#include "operator/api/injection_words.h"
#include "operator/webhook/untouchable.h"

namespace dualtrace::ctl {
namespace {

constexpr auto kAnswers = std::to_array<std::string_view>({kSkippedAnnotation, kWarnedAnnotation});

// "Ambiguous", or "BehindProxy,SDKDisabled": the part before the sentence. Other writers may have
// put anything there.
std::string_view reasons_of(const Json& pod, std::string_view annotation) {
  constexpr size_t kReasonsBytesMax = 512;
  const std::string_view text = text_at(pod, {"metadata", "annotations", annotation});
  const std::string_view reasons = text.substr(0, text.find(':'));
  return reasons.size() <= kReasonsBytesMax ? reasons : std::string_view();
}

// Without the version, which changes with each status update by the kubelet. An injected pod keeps
// it, because the pod's node is not known from the start and is requested again for each version
// (pod_nodes.h).
bool is_news(const AskingPod& before, const AskingPod& after) {
  return before.ending != after.ending || before.uid != after.uid ||
         before.says() != after.says() || (!after.uid.empty() && before.version != after.version);
}

}  // namespace

const AskingPod::Words& AskingPod::says() const {
  static const Words kNothing;
  return words == nullptr ? kNothing : *words;
}

void trim_asking_pod(Json& pod) {
  Json kept = Json::object();
  for (const std::string_view name :
       {"namespace", "name", "uid", "resourceVersion", "deletionTimestamp"}) {
    if (const Json* found = find(pod, {"metadata", name})) kept[std::string(name)] = *found;
  }
  Json annotations = Json::object();
  for (const std::string_view name : {kInjectWord, kInjectedAnnotation}) {
    if (const Json* found = find(pod, {"metadata", "annotations", name})) {
      annotations[std::string(name)] = *found;
    }
  }
  for (const std::string_view name : kAnswers) {
    const std::string_view reasons = reasons_of(pod, name);
    if (!reasons.empty()) annotations[std::string(name)] = reasons;
  }
  // It is never injected, whatever its namespace asks for.
  if (is_untouchable(pod)) annotations = {{std::string(kInjectWord), kInjectNone}};
  kept["annotations"] = std::move(annotations);
  pod = {{"metadata", std::move(kept)}};
}

AskingPod read_asking_pod(const Json& trimmed) {
  const auto word = [&](std::string_view name) {
    return std::string(text_at(trimmed, {"metadata", "annotations", name}));
  };
  AskingPod pod{.key = kube::key_of(trimmed),
                .version = std::string(text_at(trimmed, {"metadata", "resourceVersion"})),
                .uid = {},
                .ending = kube::is_ending(trimmed)};
  AskingPod::Words words{.injected = word(kInjectedAnnotation),
                         .skipped = word(kSkippedAnnotation),
                         .warned = word(kWarnedAnnotation)};
  const Json* asks = find(trimmed, {"metadata", "annotations", kInjectWord});
  if (asks != nullptr && asks->is_string()) words.asks = asks->get<std::string>();
  if (!words.injected.empty()) pod.uid = text_at(trimmed, {"metadata", "uid"});
  if (words != AskingPod::Words{}) {
    pod.words = std::make_shared<const AskingPod::Words>(std::move(words));
  }
  return pod;
}

bool AskingPods::take(Pods& pods, AskingPod pod) const {
  const auto held = pods.find(pod.key);
  const bool is_new = held == pods.end();
  if (!is_new && (*held)->version == pod.version) return false;
  const bool news = is_new || is_news(**held, pod);
  auto made = std::make_shared<const AskingPod>(std::move(pod));
  if (is_new) {
    pods.insert(std::move(made));
  } else {
    auto node = pods.extract(held);
    node.value() = std::move(made);
    pods.insert(std::move(node));
  }
  return news;
}

std::vector<AskingPodPointer> AskingPods::all() const {
  const Lock lock(mutex_);
  return {pods_.begin(), pods_.end()};
}

void AskingPods::begin_list() { listed_.clear(); }

// An unchanged pod is listed by its existing pointer, so that another list needs little memory.
void AskingPods::list(Json object) {
  AskingPod pod = read_asking_pod(object);
  {
    const Lock lock(mutex_);
    const auto held = pods_.find(pod.key);
    if (held != pods_.end() && (*held)->version == pod.version) {
      const auto listed = listed_.find(pod.key);
      if (listed != listed_.end()) listed_.erase(listed);
      listed_.insert(*held);
      return;
    }
  }
  take(listed_, std::move(pod));
}

void AskingPods::unlist(const kube::ObjectKey& key) {
  const auto listed = listed_.find(key);
  if (listed != listed_.end()) listed_.erase(listed);
}

void AskingPods::end_list() {
  Pods before = std::exchange(listed_, {});
  {
    const Lock lock(mutex_);
    pods_.swap(before);
  }
  changed_();
}

void AskingPods::put(Json object) {
  bool news = false;
  {
    const Lock lock(mutex_);
    news = take(pods_, read_asking_pod(object));
  }
  if (news) changed_();
}

void AskingPods::remove(const kube::ObjectKey& key) {
  {
    const Lock lock(mutex_);
    const auto held = pods_.find(key);
    if (held == pods_.end()) return;
    pods_.erase(held);
  }
  changed_();
}

size_t AskingPods::size() const {
  const Lock lock(mutex_);
  return pods_.size();
}

}  // namespace dualtrace::ctl
