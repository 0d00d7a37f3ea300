// SPDX-License-Identifier: Apache-2.0
#pragma once
// The API server's error answers as an Error, with the kinds that api.h lists.
// Pure.

#include "common/error/result.h"
#include "common/kube/object.h"
#include "common/net/http_response.h"

namespace dualtrace::kube {

// The request, as a prefix of the message.
struct Asked {
  std::string_view verb;  // "apply"
  const ResourceType& type;
  std::string name{};  // of the object, or the namespace of a collection

  // "apply daemonsets a/b: "
  [[nodiscard]] std::string prefix() const;
};

// `response` is not a success. The message contains the server's own message, and the causes with
// their fields; for a Secret, only the fields, because the rest could contain a rejected value.
[[nodiscard]] Error error_of(const Asked& asked, const HttpResponse& response);

// The Retry-After header, in whole seconds.
[[nodiscard]] std::optional<std::chrono::seconds> retry_after_of(const HttpResponse& response);

}  // namespace dualtrace::kube
