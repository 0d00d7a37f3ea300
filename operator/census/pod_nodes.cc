// SPDX-License-Identifier: Apache-2.0
#include "operator/census/pod_nodes.h"

#include <utility>

#include "common/log/log.h"

namespace dualtrace::ctl {
namespace {

// Whole pods are large, tens of kilobytes each, and the server builds a whole page at once.
constexpr uint32_t kPodsPerPage = 100;
// For more pods than this, a list of the namespace costs less than a request for each.
constexpr size_t kSinglesMax = 200;
constexpr Duration kTryAgain = std::chrono::seconds(10);

std::string_view uid_of(const Json& pod) { return text_at(pod, {"metadata", "uid"}); }

// Keeps only the pod's identity and its node.
void trim_to_node(Json& pod) {
  Json metadata = Json::object();
  for (const std::string_view name : {"namespace", "name", "uid", "resourceVersion"}) {
    if (const Json* found = find(pod, {"metadata", name})) metadata[std::string(name)] = *found;
  }
  Json spec = {{"nodeName", text_at(pod, {"spec", "nodeName"})}};
  pod = {{"metadata", std::move(metadata)}, {"spec", std::move(spec)}};
}

}  // namespace

void PodNodes::follow(const std::vector<AskingPodPointer>& pods) {
  std::map<std::string_view, Pod> followed;
  for (const AskingPodPointer& pod : pods) {
    const auto known = pods_.find(pod->uid);
    Pod entry = known == pods_.end() ? Pod{} : std::move(known->second);
    entry.pod = pod;
    followed.emplace(pod->uid, std::move(entry));
  }
  pods_ = std::move(followed);
  if (!asking_ && parts_.may_ask()) ask_next();
}

std::optional<std::string_view> PodNodes::node_of(const AskingPod& pod) const {
  const auto found = pods_.find(pod.uid);
  if (found == pods_.end() || found->second.node.empty()) return std::nullopt;
  return found->second.node;
}

// A pod that was on no node is requested again after it has changed.
std::vector<PodNodes::Question> PodNodes::questions() {
  std::map<std::string, std::vector<std::string>> names;  // by namespace
  for (auto& [uid, pod] : pods_) {
    if (!pod.node.empty() || pod.asked_version == pod.pod->version) continue;
    pod.asked_version = pod.pod->version;
    names[pod.pod->key.namespace_name].push_back(pod.pod->key.name);
  }
  std::vector<Question> all;
  for (const auto& [space, pods] : names) {
    if (pods.size() > kSinglesMax) {
      all.push_back({space});
      continue;
    }
    for (const std::string& name : pods) all.push_back({space, name});
  }
  return all;
}

void PodNodes::ask_next() {
  if (waiting_.empty()) waiting_ = questions();
  asking_ = !waiting_.empty();
  if (asking_) {
    const Question next = std::move(waiting_.back());
    waiting_.pop_back();
    return ask(next);
  }
  if (std::exchange(known_, true) && !learned_) return;
  learned_ = false;
  parts_.learned();
}

void PodNodes::ask(const Question& question) {
  kube::Selection selection{
      .type = kube::kPods, .namespace_name = question.namespace_name, .trim = trim_to_node};
  if (!question.name.empty()) selection.field_selector = "metadata.name=" + question.name;
  parts_.api.list(
      selection, {.continue_token = question.continue_token, .limit = kPodsPerPage},
      [this, question, &scheduler = parts_.scheduler](Result<kube::ListPage> page) {
        scheduler.post([this, question, page = std::move(page)] { take(question, page); });
      });
}

void PodNodes::take(const Question& question, const Result<kube::ListPage>& page) {
  if (page) {
    note(*page);
    if (!page->continue_token.empty()) {
      return ask({question.namespace_name, question.name, page->continue_token});
    }
    return ask_next();
  }
  log_warn("the nodes of injected pods cannot be listed; the operator retries",
           {{"namespace", question.namespace_name}, {"error", page.error().message}});
  waiting_.clear();
  for (auto& [uid, pod] : pods_) pod.asked_version.clear();
  known_ = true;  // as far as possible now
  parts_.scheduler.run_after(kTryAgain, [this] {
    asking_ = false;
    parts_.learned();  // which leads to follow()
  });
}

void PodNodes::note(const kube::ListPage& page) {
  for (const Json& item : page.items) {
    const auto followed = pods_.find(uid_of(item));
    if (followed == pods_.end()) continue;
    Pod& pod = followed->second;
    pod.node = text_at(item, {"spec", "nodeName"});
    if (pod.node.empty()) continue;
    pod.asked_version = {};  // a pod never moves
    learned_ = true;
  }
}

}  // namespace dualtrace::ctl
