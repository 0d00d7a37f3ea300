// SPDX-License-Identifier: Apache-2.0
#pragma once
// NamespaceNews: reports which of --watch-namespaces are not served, and when they are served
// again: in the log of every replica, in a metric, and in an event on each known export there,
// which only the leader can write. Used by operator/app, which checks at intervals.
// Used from one thread.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/kube/event_recorder.h"
#include "common/kube/store.h"
#include "common/metric/metric.h"
#include "operator/app/informers.h"

namespace dualtrace::ctl {

class NamespaceNews {
 public:
  using Exports =
      std::function<std::vector<kube::ObjectPointer>(const std::string& namespace_name)>;
  // `events` and `metrics` outlive it. Its series stay in the registry.
  NamespaceNews(const std::vector<std::string>& namespaces, kube::EventSink& events,
                Exports exports, MetricRegistry& metrics);

  void note(const std::vector<Informers::Unserved>& unserved);

 private:
  struct Namespace {
    std::shared_ptr<std::atomic<bool>> served;
    std::map<kube::ObjectKey, Json> told{};  // exports, with the reference of their events
  };
  void tell_closed(Namespace& space, const Informers::Unserved& one);
  void tell_open(Namespace& space, const std::string& name);

  kube::EventSink& events_;
  const Exports exports_;
  std::map<std::string, Namespace> namespaces_;
};

}  // namespace dualtrace::ctl
