// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the API server says when it refuses, as an Error: the kinds that api.h lists.
// Pure.

#include "common/error/result.h"
#include "common/kube/object.h"
#include "common/net/http_response.h"

namespace dualtrace::kube {

// What was asked for: it goes before the message.
struct Asked {
  std::string_view verb;  // "apply"
  const ResourceType& type;
  std::string name{};  // of the object, or the namespace of many

  // "apply daemonsets a/b: "
  [[nodiscard]] std::string prefix() const;
};

// `response` is not a success. The message has the server's own, and the causes with their fields,
// but of a Secret only the fields: a refused value could stand in the rest.
[[nodiscard]] Error error_of(const Asked& asked, const HttpResponse& response);

// The Retry-After header, in whole seconds.
[[nodiscard]] std::optional<std::chrono::seconds> retry_after_of(const HttpResponse& response);

}  // namespace dualtrace::kube
