// SPDX-License-Identifier: Apache-2.0
#pragma once
// NamespaceNews: tells people which of --watch-namespaces is not served, and when it is again: the
// log on every replica, a metric, and an event on each export that is known there, which only the
// leader can write. Used by operator/app, which looks now and then.
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
  // Both outlive it; not the registry's values, which stay as they are.
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
