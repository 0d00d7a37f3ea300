// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_requests.h"

#include <algorithm>
#include <utility>

namespace dualtrace::kube {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// "?a=b&c=d", without empty values.
class Query {
 public:
  void add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text_.append(text_.empty() ? "?" : "&").append(name).append("=");
    for (const char c : value) {
      if (is_alphanumeric(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
        text_.push_back(c);
      } else {
        const auto byte = static_cast<uint8_t>(c);
        text_.append({'%', kHexDigits[byte >> 4], kHexDigits[byte & 15]});
      }
    }
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Errors have no partial form, so plain JSON must stay acceptable.
std::string accepted(Form form, std::string_view partial) {
  if (form == Form::kWhole) return std::string(kJsonType);
  return "application/json;as=" + std::string(partial) + ";g=meta.k8s.io;v=v1,application/json";
}

HttpRequest read(std::string path, std::string accept) {
  return {.method = "GET",
          .path = std::move(path),
          .headers = {{"Accept", std::move(accept)}},
          .body = {}};
}

HttpRequest write(std::string method, std::string path, std::string_view type, const Json& body) {
  return {.method = std::move(method),
          .path = std::move(path),
          .headers = {{"Accept", std::string(kJsonType)}, {"Content-Type", std::string(type)}},
          .body = to_text(body)};
}

Query query_of(const Selection& selection) {
  Query query;
  query.add("labelSelector", selection.label_selector);
  query.add("fieldSelector", selection.field_selector);
  return query;
}

}  // namespace

bool is_path_part(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_alphanumeric(c) || std::string_view("-._:").find(c) != std::string_view::npos;
         });
}

bool names_an_object(const ObjectKey& key) {
  return is_path_part(key.name) && (key.namespace_name.empty() || is_path_part(key.namespace_name));
}

HttpRequest get_request(const ResourceType& type, const ObjectKey& key, Form form) {
  return read(type.object_path(key), accepted(form, "PartialObjectMetadata"));
}

HttpRequest create_request(const ResourceType& type, const Json& object) {
  return write("POST", type.collection_path(key_of(object).namespace_name), kJsonType, object);
}

HttpRequest update_request(const ResourceType& type, const Json& object) {
  return write("PUT", type.object_path(key_of(object)), kJsonType, object);
}

HttpRequest apply_request(const ResourceType& type, const Json& object,
                          const ApplyOptions& options) {
  std::string path = type.object_path(key_of(object));
  if (!options.subresource.empty()) path.append("/").append(options.subresource);
  Query query;
  query.add("fieldManager", options.field_manager);
  query.add("force", "true");
  if (options.dry_run) query.add("dryRun", "All");
  // JSON is YAML.
  return write("PATCH", path + query.text(), "application/apply-patch+yaml", object);
}

HttpRequest merge_patch_request(const ResourceType& type, const ObjectKey& key, const Json& patch) {
  return write("PATCH", type.object_path(key), "application/merge-patch+json", patch);
}

HttpRequest remove_request(const ResourceType& type, const ObjectKey& key,
                           const Precondition& precondition) {
  Json options = {
      {"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}};
  if (!precondition.uid.empty()) options["preconditions"]["uid"] = precondition.uid;
  if (!precondition.resource_version.empty()) {
    options["preconditions"]["resourceVersion"] = precondition.resource_version;
  }
  return write("DELETE", type.object_path(key), kJsonType, options);
}

HttpRequest list_request(const Selection& selection, const ListRequest& request) {
  Query query = query_of(selection);
  if (request.limit > 0) query.add("limit", std::to_string(request.limit));
  query.add("continue", request.continue_token);
  return read(selection.type.collection_path(selection.namespace_name) + query.text(),
              accepted(selection.form, "PartialObjectMetadataList"));
}

HttpRequest watch_request(const Selection& selection, const WatchRequest& request) {
  Query query = query_of(selection);
  query.add("watch", "1");
  query.add("allowWatchBookmarks", "true");
  query.add("resourceVersion", request.resource_version);
  if (request.lists_first) {
    query.add("sendInitialEvents", "true");
    query.add("resourceVersionMatch", "NotOlderThan");
  }
  query.add("timeoutSeconds",
            std::to_string(std::chrono::ceil<std::chrono::seconds>(request.lasting).count()));
  return read(selection.type.collection_path(selection.namespace_name) + query.text(),
              accepted(selection.form, "PartialObjectMetadata"));
}

}  // namespace dualtrace::kube
