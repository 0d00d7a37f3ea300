// SPDX-License-Identifier: Apache-2.0
#pragma once
// The HTTP request of each verb of the Kubernetes API: path, query, media types, body. Connections
// adds what is the same for all (credentials, User-Agent, the server's address).
// Pure.

#include <string_view>

#include "common/kube/api.h"
#include "common/kube/list_watch.h"
#include "common/net/http_client.h"

namespace dualtrace::kube {

// Whether both parts are valid in a path: an empty name would mean the whole collection.
[[nodiscard]] bool names_an_object(const ObjectKey& key);
[[nodiscard]] bool is_path_part(std::string_view text);

[[nodiscard]] HttpRequest get_request(const ResourceType& type, const ObjectKey& key, Form form);
[[nodiscard]] HttpRequest create_request(const ResourceType& type, const Json& object);
[[nodiscard]] HttpRequest update_request(const ResourceType& type, const Json& object);
[[nodiscard]] HttpRequest apply_request(const ResourceType& type, const Json& object,
                                        const ApplyOptions& options);
[[nodiscard]] HttpRequest merge_patch_request(const ResourceType& type, const ObjectKey& key,
                                              const Json& patch);
[[nodiscard]] HttpRequest remove_request(const ResourceType& type, const ObjectKey& key,
                                         const Precondition& precondition);
[[nodiscard]] HttpRequest list_request(const Selection& selection, const ListRequest& request);
[[nodiscard]] HttpRequest watch_request(const Selection& selection, const WatchRequest& request);

}  // namespace dualtrace::kube
