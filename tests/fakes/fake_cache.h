// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeCache: the view that informers would have of a FakeApi's objects, as of the last refresh().
// Used from one thread.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "operator/api/dual_trace_export.h"
#include "operator/plan/names.h"
#include "operator/plan/plan.h"
#include "operator/reconcile/cache.h"
#include "operator/reconcile/trim.h"
#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::ctl {

class FakeCache final : public Cache {
 public:
  explicit FakeCache(const kube::FakeApi& api) : api_(api) {}

  void refresh() {
    refresh(kDualTraceExports);
    refresh(kube::kPods);
    for (const kube::ResourceType& type : planned_types()) refresh(type);
  }
  void refresh(const kube::ResourceType& type) {
    std::vector<kube::ObjectPointer>& objects = objects_[std::string(type.plural)];
    objects.clear();
    for (Json& object : api_.all(type)) {
      if (type != kDualTraceExports) trim_of(type)(object);
      objects.push_back(std::make_shared<const Json>(std::move(object)));
    }
  }

  [[nodiscard]] kube::ObjectPointer find_export(const kube::ObjectKey& key) const override {
    for (const kube::ObjectPointer& object : shown(kDualTraceExports)) {
      if (kube::key_of(*object) == key) return object;
    }
    return nullptr;
  }
  [[nodiscard]] std::vector<kube::ObjectPointer> children(
      const kube::ResourceType& type, const kube::ObjectKey& export_key) const override {
    std::vector<kube::ObjectPointer> found;
    for (const kube::ObjectPointer& object : shown(type)) {
      if (kube::key_of(*object).namespace_name == export_key.namespace_name &&
          text_at(*object, {"metadata", "labels", kExportLabel}) ==
              export_label_value(export_key.name)) {
        found.push_back(object);
      }
    }
    return found;
  }
  [[nodiscard]] std::vector<kube::ObjectPointer> pods(
      const kube::ObjectKey& export_key) const override {
    return children(kube::kPods, export_key);
  }

 private:
  [[nodiscard]] const std::vector<kube::ObjectPointer>& shown(
      const kube::ResourceType& type) const {
    static const std::vector<kube::ObjectPointer> kNone;
    const auto found = objects_.find(std::string(type.plural));
    return found == objects_.end() ? kNone : found->second;
  }

  const kube::FakeApi& api_;
  std::map<std::string, std::vector<kube::ObjectPointer>> objects_;  // by plural
};

}  // namespace dualtrace::ctl
