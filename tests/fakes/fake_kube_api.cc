// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_kube_api.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dualtrace::kube {
namespace {

// Fields that belong to the server and that no writer can change.
constexpr std::array kServersOwn{"uid", "creationTimestamp", "generation", "managedFields"};
constexpr const char* kUs = "api";
constexpr const char* kOthers = "somebody";

Error not_found(const ResourceType& type, const ObjectKey& key) {
  return {ErrorKind::kNotFound, std::string(type.plural) + " " + key.to_string() + " not found"};
}

void merge(Json& into, const Json& from) {
  if (!into.is_object() || !from.is_object()) {
    into = from;
    return;
  }
  for (const auto& [name, value] : from.items()) merge(into[name], value);
}

// Removes from `object` the fields of `before` that are missing from `now`.
void drop_left_out(Json& object, const Json& before, const Json& now) {
  if (!object.is_object() || !before.is_object()) return;
  for (const auto& [name, value] : before.items()) {
    const auto still = now.find(name);
    if (still == now.end()) {
      object.erase(name);
    } else if (object.contains(name) && still->is_object()) {
      drop_left_out(object[name], value, *still);
    }
  }
}

Json managed_fields(const std::string& manager, const std::string& operation,
                    const std::string& subresource, const std::string& time) {
  Json made = {{"manager", manager}, {"operation", operation}, {"time", time}};
  if (!subresource.empty()) made["subresource"] = subresource;
  return made;
}

void note_writer(Json& writers, Json writer) {
  std::erase_if(writers.get_ref<Json::array_t&>(), [&](const Json& known) {
    return known["manager"] == writer["manager"] && known["operation"] == writer["operation"] &&
           text_at(known, {"subresource"}) == text_at(writer, {"subresource"});
  });
  writers.push_back(std::move(writer));
}

Json without_status(Json object) {
  object.erase("status");
  return object;
}

Json partial(const Json& object) {
  return {{"apiVersion", "meta.k8s.io/v1"},
          {"kind", "PartialObjectMetadata"},
          {"metadata", object.at("metadata")}};
}

}  // namespace

std::string FakeApi::Call::to_string() const {
  return verb + " " + plural + (subresource.empty() ? "" : "/" + subresource) + " " +
         key.to_string();
}

Result<Json> FakeApi::get(const ResourceType& type, const ObjectKey& key, Form form) {
  if (auto error = begin({"get", std::string(type.plural), key})) return fail(*std::move(error));
  const Lock lock(mutex_);
  const Stored* stored = at(type, key);
  if (stored == nullptr) return fail(not_found(type, key));
  return form == Form::kMetadata ? partial(stored->object) : stored->object;
}

Result<Json> FakeApi::create(const ResourceType& type, const Json& object) {
  const ObjectKey key = key_of(object);
  if (auto error = begin({"create", std::string(type.plural), key, "", "", object})) {
    return fail(*std::move(error));
  }
  const Lock lock(mutex_);
  if (at(type, key) != nullptr) return fail(ErrorKind::kConflict, key.name + " already exists");
  return insert(type, object, {kUs});
}

Result<Json> FakeApi::update(const ResourceType& type, const Json& object) {
  const ObjectKey key = key_of(object);
  if (auto error = begin({"update", std::string(type.plural), key, "", "", object})) {
    return fail(*std::move(error));
  }
  const Lock lock(mutex_);
  Stored* stored = at(type, key);
  if (stored == nullptr) return fail(not_found(type, key));
  const std::string_view version = text_at(object, {"metadata", "resourceVersion"});
  if (!version.empty() && version != text_at(stored->object, {"metadata", "resourceVersion"})) {
    return fail(ErrorKind::kConflict, key.name + " has been modified");
  }
  return replace(*stored, object, {kUs});
}

Result<Json> FakeApi::apply(const ResourceType& type, const Json& object,
                            const ApplyOptions& options) {
  const ObjectKey key = key_of(object);
  const std::string subresource(options.subresource);
  const std::string manager(options.field_manager);
  const std::string verb = options.dry_run ? "dry-run apply" : "apply";
  if (auto error = begin({verb, std::string(type.plural), key, subresource, manager, object})) {
    return fail(*std::move(error));
  }
  if (options.dry_run) return object;
  const Lock lock(mutex_);
  Stored* stored = at(type, key);
  Json intent = object;
  const std::string_view version = text_at(object, {"metadata", "resourceVersion"});
  if (!version.empty()) {
    const bool current =
        stored != nullptr && version == text_at(stored->object, {"metadata", "resourceVersion"});
    if (!current) return fail(ErrorKind::kConflict, key.name + " has been modified");
    intent["metadata"].erase("resourceVersion");
  }
  if (subresource.empty()) {
    intent.erase("status");
  } else {
    if (stored == nullptr) return fail(not_found(type, key));
    intent = {{subresource, object.value(subresource, Json::object())}};
  }
  if (stored == nullptr) {
    Json made = insert(type, intent, {manager, "Apply"});
    at(type, key)->applied[manager + "/" + subresource] = std::move(intent);
    return made;
  }
  Json& before = stored->applied[manager + "/" + subresource];
  Json merged = stored->object;
  drop_left_out(merged, before, intent);
  merge(merged, intent);
  before = std::move(intent);
  return replace(*stored, std::move(merged), {manager, "Apply", subresource});
}

Result<Json> FakeApi::merge_patch(const ResourceType& type, const ObjectKey& key,
                                  const Json& patch) {
  if (auto error = begin({"merge_patch", std::string(type.plural), key, "", "", patch})) {
    return fail(*std::move(error));
  }
  const Lock lock(mutex_);
  Stored* stored = at(type, key);
  if (stored == nullptr) return fail(not_found(type, key));
  Json patched = stored->object;
  patched.merge_patch(patch);
  return replace(*stored, std::move(patched), {kUs});
}

Status FakeApi::remove(const ResourceType& type, const ObjectKey& key,
                       const Precondition& precondition) {
  if (auto error = begin({"remove", std::string(type.plural), key})) return fail(*std::move(error));
  const Lock lock(mutex_);
  const Stored* stored = at(type, key);
  if (stored == nullptr) return fail(not_found(type, key));
  const auto holds = [&](const std::string& wanted, std::string_view field) {
    return wanted.empty() || wanted == text_at(stored->object, {"metadata", field});
  };
  if (!holds(precondition.uid, "uid") || !holds(precondition.resource_version, "resourceVersion")) {
    return fail(ErrorKind::kConflict, key.name + ": the precondition does not hold");
  }
  objects_.erase({type.collection_path(""), key});
  return {};
}

Json FakeApi::put(const ResourceType& type, Json object) {
  const Lock lock(mutex_);
  Stored* stored = at(type, key_of(object));
  if (stored == nullptr) return insert(type, std::move(object), {kOthers});
  return replace(*stored, std::move(object), {kOthers});
}

void FakeApi::erase(const ResourceType& type, const ObjectKey& key) {
  const Lock lock(mutex_);
  objects_.erase({type.collection_path(""), key});
}

std::optional<Json> FakeApi::find(const ResourceType& type, const ObjectKey& key) const {
  const Lock lock(mutex_);
  const auto found = objects_.find({type.collection_path(""), key});
  if (found == objects_.end()) return std::nullopt;
  return found->second.object;
}

std::vector<Json> FakeApi::all(const ResourceType& type) const {
  const std::string collection = type.collection_path("");
  const Lock lock(mutex_);
  std::vector<Json> objects;
  for (const auto& [place, stored] : objects_) {
    if (place.first == collection) objects.push_back(stored.object);
  }
  return objects;
}

void FakeApi::fault(Fault fault) {
  const Lock lock(mutex_);
  fault_ = std::move(fault);
}

void FakeApi::fail_next(std::string verb, const ResourceType& type, Error error) {
  const Lock lock(mutex_);
  fail_next_.push_back({std::move(verb), std::string(type.plural), std::move(error)});
}

std::vector<FakeApi::Call> FakeApi::calls() const {
  const Lock lock(mutex_);
  return calls_;
}

std::vector<std::string> FakeApi::writes() const {
  std::vector<std::string> texts;
  for (const Call& call : calls()) {
    if (call.verb != "get" && call.verb != "dry-run apply") texts.push_back(call.to_string());
  }
  return texts;
}

void FakeApi::forget_calls() {
  const Lock lock(mutex_);
  calls_.clear();
}

std::optional<Error> FakeApi::begin(Call call) {
  Fault fault;
  {
    const Lock lock(mutex_);
    calls_.push_back(call);
    const auto next = std::find_if(fail_next_.begin(), fail_next_.end(), [&](const FailNext& one) {
      return one.verb == call.verb && one.plural == call.plural;
    });
    if (next != fail_next_.end()) {
      Error error = std::move(next->error);
      fail_next_.erase(next);
      return error;
    }
    fault = fault_;
  }
  return fault ? fault(call) : std::nullopt;
}

FakeApi::Stored* FakeApi::at(const ResourceType& type, const ObjectKey& key) {
  const auto found = objects_.find({type.collection_path(""), key});
  return found == objects_.end() ? nullptr : &found->second;
}

Json FakeApi::insert(const ResourceType& type, Json object, const Writer& writer) {
  object["apiVersion"] = type.api_version();
  object["kind"] = type.kind;
  Json& metadata = object["metadata"];
  const std::string version = next_version();
  metadata["resourceVersion"] = version;
  metadata["uid"] = "uid-" + version;
  metadata["creationTimestamp"] = "2026-01-01T00:00:00Z";
  metadata["generation"] = 1;
  metadata["managedFields"] =
      Json::array({managed_fields(writer.manager, writer.operation, writer.subresource, version)});
  objects_[{type.collection_path(""), key_of(object)}] = {object, {}};
  return object;
}

Json FakeApi::replace(Stored& stored, Json object, Writer writer) {
  const Json& before = stored.object;
  object["apiVersion"] = before["apiVersion"];
  object["kind"] = before["kind"];
  Json& metadata = object["metadata"];
  for (const char* name : kServersOwn) metadata[name] = before["metadata"][name];
  metadata["resourceVersion"] = before["metadata"]["resourceVersion"];
  if (object == before) return object;
  const std::string version = next_version();
  if (without_status(object) == without_status(before)) writer.subresource = "status";
  metadata["resourceVersion"] = version;
  note_writer(metadata["managedFields"],
              managed_fields(writer.manager, writer.operation, writer.subresource, version));
  if (object.value("spec", Json()) != before.value("spec", Json())) {
    metadata["generation"] = metadata["generation"].get<int64_t>() + 1;
  }
  stored.object = object;
  return object;
}

}  // namespace dualtrace::kube
