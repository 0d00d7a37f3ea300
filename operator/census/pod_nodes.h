// SPDX-License-Identifier: Apache-2.0
#pragma once
// PodNodes: on which nodes injected pods run. The census watches only the metadata of pods, which
// does not include the node, and a pod's node never changes. So each pod is requested once, one
// request at a time, and without changes there are no requests. Used by CensusTaker.
//
// Limits: pages of whole pods, of which only the node is kept as they are read.
// Errors: a list that fails is retried after a while.
// Used from one thread: the scheduler's.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/kube/list_watch.h"
#include "common/time/scheduler.h"
#include "operator/census/asking_pods.h"

namespace dualtrace::ctl {

class PodNodes {
 public:
  struct Parts {  // outlive it; the scheduler is stopped first
    kube::ListWatch& api;
    Scheduler& scheduler;
    std::function<bool()> may_ask;  // only the leader needs to know
    std::function<void()> learned;  // must not block
  };
  explicit PodNodes(Parts parts) : parts_(std::move(parts)) {}
  PodNodes(const PodNodes&) = delete;
  PodNodes& operator=(const PodNodes&) = delete;

  // Replaces the pods of interest: injected ones, which have a uid.
  void follow(const std::vector<AskingPodPointer>& pods);
  // nullopt: not known yet, or on no node yet.
  [[nodiscard]] std::optional<std::string_view> node_of(const AskingPod& pod) const;
  // Whether all pods of the first follow() have been requested, or could not be.
  [[nodiscard]] bool known() const { return known_; }

 private:
  struct Pod {
    AskingPodPointer pod;         // from the latest follow()
    std::string asked_version{};  // "": not requested yet, or no longer needed
    std::string node{};           // "": none yet
  };
  struct Question {
    std::string namespace_name;
    std::string name{};  // "": all pods of the namespace
    std::string continue_token{};
  };

  [[nodiscard]] std::vector<Question> questions();
  void ask_next();
  void ask(const Question& question);
  void take(const Question& question, const Result<kube::ListPage>& page);
  void note(const kube::ListPage& page);

  const Parts parts_;
  std::map<std::string_view, Pod> pods_;  // by uid, which is the pod's own
  std::vector<Question> waiting_;         // the next one is the last
  bool asking_ = false;                   // or waiting for a retry
  bool known_ = false;
  bool learned_ = false;  // something new since the listener was called
};

}  // namespace dualtrace::ctl
