// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/trim.h"

#include <initializer_list>
#include <utility>

#include "common/bytes/sha256.h"
#include "operator/plan/names.h"
#include "operator/reconcile/pod_trouble.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kEssence = "essence";  // beside metadata, in trimmed objects
constexpr size_t kEssenceDigits = 15;

void copy(Json& into, const Json& from, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const Json* found = find(from, {name})) into[std::string(name)] = *found;
  }
}

Json kept_metadata(const Json& object) {
  Json kept = Json::object();
  const Json* metadata = find(object, {"metadata"});
  if (metadata == nullptr) return kept;
  copy(kept, *metadata,
       {"namespace", "name", "uid", "resourceVersion", "generation", "deletionTimestamp",
        "ownerReferences"});
  if (const Json* label = find(*metadata, {"labels", kExportLabel})) {
    kept["labels"] = {{std::string(kExportLabel), *label}};
  }
  return kept;
}

void trim_child(Json& object) {
  std::string essence = essence_of(object);
  object = {{"metadata", kept_metadata(object)}, {std::string(kEssence), std::move(essence)}};
}

void trim_daemon_set(Json& object) {
  Json status = Json::object();
  if (const Json* found = find(object, {"status"})) {
    copy(status, *found,
         {"observedGeneration", "desiredNumberScheduled", "currentNumberScheduled", "numberReady",
          "updatedNumberScheduled", "numberAvailable"});
  }
  trim_child(object);
  object["status"] = std::move(status);
}

void trim_pod(Json& object) {
  Json status = kept_trouble(object);
  Json spec = {{"nodeName", text_at(object, {"spec", "nodeName"})}};
  if (spec["nodeName"] == "") spec["wantedNode"] = node_of(object);
  Json metadata = kept_metadata(object);
  if (const Json* metadata_before = find(object, {"metadata"})) {
    copy(metadata, *metadata_before, {"creationTimestamp"});
  }
  object = {
      {"metadata", std::move(metadata)}, {"spec", std::move(spec)}, {"status", std::move(status)}};
}

}  // namespace

std::string essence_of(const Json& object) {
  const std::string_view kept = text_at(object, {kEssence});
  if (!kept.empty()) return std::string(kept);
  Json essence = Json::object();
  if (const Json* metadata = find(object, {"metadata"})) {
    copy(essence, *metadata,
         {"uid", "generation", "deletionTimestamp", "labels", "annotations", "ownerReferences"});
  }
  Json writers = Json::array();
  for (const Json& writer : array_at(object, {"metadata", "managedFields"})) {
    if (text_at(writer, {"subresource"}).empty()) writers.push_back(writer);
  }
  essence["managedFields"] = std::move(writers);
  return sha256_hex(to_text(essence), kEssenceDigits);
}

std::function<void(Json&)> trim_of(const kube::ResourceType& type) {
  if (type == kube::kPods) return trim_pod;
  if (type == kube::kDaemonSets) return trim_daemon_set;
  return trim_child;
}

}  // namespace dualtrace::ctl
