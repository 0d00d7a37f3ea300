// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/reconcile/world.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "common/log/log.h"

namespace dualtrace::ctl {
namespace {

std::string base64(const std::string& text) {
  std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  encoded.resize(static_cast<size_t>(size));
  return encoded;
}

}  // namespace

Json secret(const std::string& name,
            const std::vector<std::pair<std::string, std::string>>& values) {
  Json data = Json::object();
  for (const auto& [key, value] : values) data[key] = base64(value);
  return {{"metadata", {{"namespace", "shop"}, {"name", name}}}, {"data", data}};
}

Json export_object() {
  return {{"metadata", {{"namespace", "shop"}, {"name", "agents"}}},
          {"spec",
           {{"arize", {{"region", "US"}, {"credentials", {{"secretName", "arize"}}}}},
            {"databricks",
             {{"workspaceURL", "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"},
              {"table", "main.traces.agents_otel_spans"},
              {"auth", {{"token", {{"secretName", "databricks"}}}}}}}}}};
}

World::World() {
  set_log_severity(LogSeverity::kError);
  api.put(kDualTraceExports, export_object());
  api.put(kube::kSecrets, secret("arize", {{"api-key", "key-1"}, {"space-id", kSpaceId}}));
  api.put(kube::kSecrets, secret("databricks", {{"token", "token-1"}}));
  restart();
}

void World::restart(kube::Api& through) {
  reconciler = std::make_unique<Reconciler>(
      Installation{.agent_image = "registry.example.com/agent:1", .permissions = permissions},
      Reconciler::Parts{.api = through,
                        .cache = cache,
                        .events = events,
                        .agents = agents,
                        .clock = clock,
                        .metrics = metrics,
                        .scope = scope,
                        .lease = lease},
      1);
}

Result<Next> World::run() {
  cache.refresh();
  return reconcile();
}

void World::settle() {
  for (int runs = 0; runs < 10; ++runs) {
    const size_t before = api.writes().size();
    const auto next = run();
    if (next && api.writes().size() == before) return;
  }
  ADD_FAILURE() << "it does not settle";
}

void World::edit_export(const std::function<void(Json&)>& edit) {
  Json object = *api.find(kDualTraceExports, kExport);
  edit(object);
  api.put(kDualTraceExports, std::move(object));
}

void World::edit(const kube::ResourceType& type, const std::function<void(Json&)>& edit) {
  Json object = child(type);
  edit(object);
  api.put(type, std::move(object));
}

void World::roll_out(int nodes) {
  edit(kube::kDaemonSets, [&](Json& object) {
    object["status"] = {{"observedGeneration", object["metadata"]["generation"]},
                        {"desiredNumberScheduled", nodes},
                        {"currentNumberScheduled", nodes},
                        {"numberReady", nodes},
                        {"updatedNumberScheduled", nodes},
                        {"numberAvailable", nodes}};
  });
}

Json World::child(const kube::ResourceType& type) const {
  const auto found = api.find(type, kChild);
  EXPECT_TRUE(found.has_value()) << type.kind;
  return found.value_or(Json::object());
}

Json World::status() const {
  return api.find(kDualTraceExports, kExport)->value("status", Json::object());
}

std::string World::condition(const std::string& type) const {
  const Json status_now = status();
  for (const Json& condition : array_at(status_now, {"conditions"})) {
    if (text_at(condition, {"type"}) != type) continue;
    return std::string(text_at(condition, {"status"})) + " " +
           std::string(text_at(condition, {"reason"}));
  }
  return "none";
}

Json World::everything() const {
  Json objects = Json::array();
  const auto add = [&](const kube::ResourceType& type) {
    for (Json object : api.all(type)) {
      for (const char* name :
           {"uid", "resourceVersion", "generation", "managedFields", "creationTimestamp"}) {
        object["metadata"].erase(name);
      }
      for (Json& owner : object["metadata"]["ownerReferences"]) owner.erase("uid");
      objects.push_back(std::move(object));
    }
  };
  for (const kube::ResourceType& type : planned_types()) add(type);
  add(kDualTraceExports);
  return objects;
}

}  // namespace dualtrace::ctl
