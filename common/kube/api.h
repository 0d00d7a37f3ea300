// SPDX-License-Identifier: Apache-2.0
#pragma once
// Api: the verbs of the Kubernetes API that the operator uses on single objects. ApiClient is the
// real one; tests/fakes has one in memory. It retries what the API server asks it to retry (429 and
// 5xx with Retry-After) within the call's deadline, and retries once after a dead connection if the
// request may be sent twice; nothing else.
// Thread-safe.
//
// Errors: kNotFound (404), kConflict (409: changed, or exists already), kDenied (401, 403),
// kInvalid (400, 422, a field that the schema does not have; the message has the causes with their
// fields), kExpired (410), kThrottled (429), kExhausted (413, or an answer above the limits),
// kUnavailable (5xx, no connection, no answer in time), kCancelled (shutdown). Messages never
// contain the content of a Secret.

#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/json/json.h"
#include "common/kube/object.h"

namespace dualtrace::kube {

// kMetadata: a PartialObjectMetadata, so that a Secret's data is not transferred.
enum class Form { kWhole, kMetadata };

struct ApplyOptions {
  std::string_view field_manager;
  std::string_view subresource{};  // "status", or "" for the object itself
  bool dry_run = false;            // admitted and answered like any other, but not stored
};

// Preconditions of a removal; empty fields are not checked.
struct Precondition {
  std::string uid{};
  std::string resource_version{};
};

class Api {
 public:
  virtual ~Api() = default;
  // Every call blocks, for at most the client's call timeout.
  virtual Result<Json> get(const ResourceType& type, const ObjectKey& key,
                           Form form = Form::kWhole) = 0;
  virtual Result<Json> create(const ResourceType& type, const Json& object) = 0;
  // Replaces; the object's resourceVersion is the lock (kConflict).
  virtual Result<Json> update(const ResourceType& type, const Json& object) = 0;
  // Server-side apply, forced: the object is our fully specified intent. Returns the result.
  virtual Result<Json> apply(const ResourceType& type, const Json& object,
                             const ApplyOptions& options) = 0;
  // RFC 7386.
  virtual Result<Json> merge_patch(const ResourceType& type, const ObjectKey& key,
                                   const Json& patch) = 0;
  // Deletes in the background: the garbage collector removes the object's dependents afterwards.
  virtual Status remove(const ResourceType& type, const ObjectKey& key,
                        const Precondition& precondition) = 0;
};

}  // namespace dualtrace::kube
