// SPDX-License-Identifier: Apache-2.0
#pragma once
// AskingPods: for every pod of the watched namespaces, only what the census needs. There may be
// fifty thousand pods, most of which request nothing, and a JSON tree for each would take more
// memory than everything else in the operator. It is the shelf of a Reflector, one for each watched
// namespace; the census takes a copy of the pointers.
// Thread-safe.

#include <compare>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/kube/shelf.h"
#include "common/sync/mutex.h"

namespace dualtrace::ctl {

// Immutable. The values of the annotations; of the webhook's answer only the reasons.
struct AskingPod {
  struct Words {
    std::optional<std::string> asks{};  // nullopt: the same as its namespace
    std::string injected{};             // "<namespace>/<export>"
    std::string skipped{};
    std::string warned{};
    bool operator==(const Words&) const = default;
  };

  kube::ObjectKey key;
  std::string version;
  std::string uid;  // only of injected pods
  bool ending = false;
  std::shared_ptr<const Words> words{};  // nullptr: it has no annotations of ours, as most pods

  [[nodiscard]] const Words& says() const;
};
using AskingPodPointer = std::shared_ptr<const AskingPod>;

// Removes from a pod's metadata what read_asking_pod() does not read; for the reflector's client.
void trim_asking_pod(Json& pod);
[[nodiscard]] AskingPod read_asking_pod(const Json& trimmed);

class AskingPods final : public kube::Shelf {
 public:
  // Called if something has changed that the census depends on. On the scheduler; must not block.
  using Listener = std::function<void()>;
  explicit AskingPods(Listener changed) : changed_(std::move(changed)) {}

  [[nodiscard]] std::vector<AskingPodPointer> all() const;

  void begin_list() override;
  void list(Json object) override;
  void unlist(const kube::ObjectKey& key) override;
  void end_list() override;
  void put(Json object) override;
  void remove(const kube::ObjectKey& key) override;
  [[nodiscard]] size_t size() const override;

 private:
  struct ByKey {
    using is_transparent = void;
    static const kube::ObjectKey& key(const kube::ObjectKey& key) { return key; }
    static const kube::ObjectKey& key(const AskingPodPointer& pod) { return pod->key; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return key(a) < key(b);
    }
  };
  using Pods = std::set<AskingPodPointer, ByKey>;

  // Returns whether that changed anything.
  bool take(Pods& pods, AskingPod pod) const;

  const Listener changed_;
  Pods listed_;  // on the scheduler only

  mutable Mutex mutex_;
  Pods pods_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::ctl
