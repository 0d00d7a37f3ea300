// SPDX-License-Identifier: Apache-2.0
#pragma once
// AdmissionReview (admission.k8s.io/v1) as the API server sends and expects it: parse_review()
// reads what was asked, render_answer() writes what is answered. dualtrace refuses nothing: an
// answer allows, and may change the object, warn the user and note something in the audit log. What
// cannot be read is not answered but is an HTTP error, with which failurePolicy Ignore lets the
// object in.
//
// Limits: objects nest at most 100 levels; a warning has at most 256 bytes, an answer 16 of them:
// the API server shows no more.
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
  kube::ObjectKey key;    // the name is "" while the API server has to make one (generateName)
  bool dry_run = false;
  Json object{};      // null when it is deleted
  Json old_object{};  // null unless it is updated or deleted
};

struct AdmissionAnswer {
  Json patch = Json::array();  // RFC 6902; empty: the object stays as it is
  std::vector<std::string> warnings{};
  std::map<std::string, std::string> audit_annotations{};
};

// kInvalid, with the field and what is expected there.
[[nodiscard]] Result<AdmissionRequest> parse_review(std::string_view body);
// "allowed", in one line of JSON.
[[nodiscard]] std::string render_answer(const std::string& uid, const AdmissionAnswer& answer);

}  // namespace dualtrace::ctl
