// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeApi: the Kubernetes API in memory. Objects by type and key, with uid, generation and a
// resourceVersion that changes only if something changed. Server-side apply is a deep merge that
// also removes the fields that the same field manager applied before and now omits, and fails with
// a conflict if the object has another resourceVersion. managedFields record who wrote when, but
// not what. There is no schema: lists are replaced as a whole, nothing is defaulted, and nothing is
// garbage-collected.
// Thread-safe.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/kube/api.h"
#include "common/sync/mutex.h"

namespace dualtrace::kube {

class FakeApi final : public Api {
 public:
  struct Call {
    std::string verb;    // get, create, update, apply, dry-run apply, merge_patch, remove
    std::string plural;  // "daemonsets"
    ObjectKey key;
    std::string subresource{};
    std::string field_manager{};
    Json body{};  // null for get and remove

    // "apply daemonsets n/a", "apply daemonsets/status n/a"
    [[nodiscard]] std::string to_string() const;
  };
  // Called before each call; if it returns an error, that is the answer, and nothing is changed.
  using Fault = std::function<std::optional<Error>(const Call&)>;

  Result<Json> get(const ResourceType& type, const ObjectKey& key,
                   Form form = Form::kWhole) override;
  Result<Json> create(const ResourceType& type, const Json& object) override;
  Result<Json> update(const ResourceType& type, const Json& object) override;
  Result<Json> apply(const ResourceType& type, const Json& object,
                     const ApplyOptions& options) override;
  Result<Json> merge_patch(const ResourceType& type, const ObjectKey& key,
                           const Json& patch) override;
  Status remove(const ResourceType& type, const ObjectKey& key,
                const Precondition& precondition) override;

  // Changes by others: they are not in calls(), and have no faults. put() creates or replaces the
  // object, including its status, and returns it as stored.
  Json put(const ResourceType& type, Json object);
  void erase(const ResourceType& type, const ObjectKey& key);
  [[nodiscard]] std::optional<Json> find(const ResourceType& type, const ObjectKey& key) const;
  [[nodiscard]] std::vector<Json> all(const ResourceType& type) const;

  // Applies to every call until another fault is set; {} removes it.
  void fault(Fault fault);
  // Fails the next such call on this type once. Calls add up. Takes precedence over fault().
  void fail_next(std::string verb, const ResourceType& type, Error error);

  [[nodiscard]] std::vector<Call> calls() const;
  // The calls that are neither a get nor a dry run, formatted by Call::to_string().
  [[nodiscard]] std::vector<std::string> writes() const;
  void forget_calls();

 private:
  struct Stored {
    Json object;
    std::map<std::string, Json> applied;  // by field manager and subresource
  };
  struct FailNext {
    std::string verb;
    std::string plural;
    Error error;
  };
  using Objects = std::map<std::pair<std::string, ObjectKey>, Stored>;  // by collection and key

  struct Writer {
    std::string manager;
    std::string operation = "Update";
    std::string subresource{};
  };

  std::optional<Error> begin(Call call);
  Stored* at(const ResourceType& type, const ObjectKey& key) DT_REQUIRES(mutex_);
  Json insert(const ResourceType& type, Json object, const Writer& writer) DT_REQUIRES(mutex_);
  // Keeps what a writer cannot change. Sets a new resourceVersion if that leaves a difference.
  Json replace(Stored& stored, Json object, Writer writer) DT_REQUIRES(mutex_);
  std::string next_version() DT_REQUIRES(mutex_) { return std::to_string(++version_); }

  mutable Mutex mutex_;
  Objects objects_ DT_GUARDED_BY(mutex_);
  std::vector<Call> calls_ DT_GUARDED_BY(mutex_);
  std::vector<FailNext> fail_next_ DT_GUARDED_BY(mutex_);
  Fault fault_ DT_GUARDED_BY(mutex_);
  uint64_t version_ DT_GUARDED_BY(mutex_) = 0;
};

}  // namespace dualtrace::kube
