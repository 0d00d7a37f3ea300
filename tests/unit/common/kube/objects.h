// SPDX-License-Identifier: Apache-2.0
#pragma once
// Objects and watch lines for tests, as short as possible.

#include <string>

#include "common/json/json.h"

namespace dualtrace::kube {

inline Json pod(const std::string& name, const std::string& version) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"namespace", "n"}, {"name", name}, {"resourceVersion", version}}}};
}

inline Json watch_event(const std::string& type, Json object) {
  return {{"type", type}, {"object", std::move(object)}};
}

inline Json bookmark(const std::string& version) {
  return watch_event("BOOKMARK", {{"kind", "Pod"}, {"metadata", {{"resourceVersion", version}}}});
}

// The bookmark that ends a streamed list.
inline Json last_of_list(const std::string& version) {
  Json event = bookmark(version);
  event["object"]["metadata"]["annotations"] = {{"k8s.io/initial-events-end", "true"}};
  return event;
}

inline Json error_event(int code, const std::string& reason, const std::string& message = "m") {
  return watch_event(
      "ERROR", {{"kind", "Status"}, {"code", code}, {"reason", reason}, {"message", message}});
}

}  // namespace dualtrace::kube
