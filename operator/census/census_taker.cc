// SPDX-License-Identifier: Apache-2.0
#include "operator/census/census_taker.h"

#include <utility>

namespace dualtrace::ctl {
namespace {

std::vector<kube::ObjectKey> differences(const Census& before, const Census& after) {
  std::vector<kube::ObjectKey> keys;
  for (const auto& [key, fact] : after) {
    const auto known = before.find(key);
    if (known == before.end() || known->second != fact) keys.push_back(key);
  }
  for (const auto& [key, fact] : before) {
    if (!after.contains(key)) keys.push_back(key);
  }
  return keys;
}

}  // namespace

CensusTaker::CensusTaker(Duration interval, Pods pods, const ClusterView& cluster,
                         kube::ListWatch& api, std::function<bool()> may_ask, Scheduler& scheduler,
                         Listener listener)
    : interval_(interval),
      pods_(std::move(pods)),
      cluster_(cluster),
      scheduler_(scheduler),
      listener_(std::move(listener)),
      nodes_({.api = api, .scheduler = scheduler, .may_ask = std::move(may_ask), .learned = [this] {
                something_changed();
              }}) {}

void CensusTaker::something_changed() {
  if (due_.exchange(true)) return;
  scheduler_.run_after(interval_, [this] { take(); });
}

InjectionFact CensusTaker::fact_of(const kube::ObjectKey& export_key) const {
  const Lock lock(mutex_);
  const auto found = census_.find(export_key);
  return found == census_.end() ? InjectionFact{} : found->second;
}

void CensusTaker::take() {
  due_ = false;  // before reading the pods: a later change requires another census
  const std::vector<AskingPodPointer> pods = pods_();
  nodes_.follow(injected_pods(pods));
  Census after = take_census(pods, cluster_, nodes_);
  std::vector<kube::ObjectKey> changed;
  {
    const Lock lock(mutex_);
    changed = differences(census_, after);
    census_.swap(after);
  }
  for (const kube::ObjectKey& key : changed) listener_(key);
}

}  // namespace dualtrace::ctl
