// SPDX-License-Identifier: Apache-2.0
#pragma once
// AdmissionReview (admission.k8s.io/v1) as the API server sends and expects it: parse_review()
// reads the request, render_answer() writes the answer. dualtrace never rejects an object: an
// answer allows it, and may change it, warn the user and add audit annotations. A request that
// cannot be read gets an HTTP error, upon which failurePolicy Ignore admits the object.
//
// Limits: objects nest at most 100 levels; a warning has at most 256 bytes, and an answer at most
// 16 warnings: the API server shows no more.
// Pure.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/json/json.h"
#include "common/kube/object.h"

namespace dualtrace::ctl {

struct AdmissionRequest {
  std::string uid;
  std::string operation;  // CREATE, UPDATE, DELETE or CONNECT
  kube::ObjectKey key;    // the name is "" if the API server has yet to generate it (generateName)
  bool dry_run = false;
  Json object{};      // null in a deletion
  Json old_object{};  // null except in an update or a deletion
};

struct AdmissionAnswer {
  Json patch = Json::array();  // RFC 6902; empty: the object stays as it is
  std::vector<std::string> warnings{};
  std::map<std::string, std::string> audit_annotations{};
};

// kInvalid, with the field and the expected value.
[[nodiscard]] Result<AdmissionRequest> parse_review(std::string_view body);
// "allowed", as one line of JSON.
[[nodiscard]] std::string render_answer(const std::string& uid, const AdmissionAnswer& answer);

}  // namespace dualtrace::ctl
