// SPDX-License-Identifier: Apache-2.0
#include "common/kube/informer.h"

#include <map>
#include <utility>

namespace dualtrace::kube {
namespace {

std::string_view version_of(const Json& object) {
  return text_at(object, {"metadata", "resourceVersion"});
}

}  // namespace

class Informer::StoreShelf final : public Shelf {
 public:
  StoreShelf(Store::Index index, Listener listener)
      : store_(std::move(index)), listener_(std::move(listener)) {}

  void begin_list() override { listed_.clear(); }

  void list(Json object) override {
    auto made = std::make_shared<const Json>(std::move(object));
    ObjectKey key = key_of(*made);
    ObjectPointer held = held_or(key, std::move(made));
    listed_.insert_or_assign(std::move(key), std::move(held));
  }

  void unlist(const ObjectKey& key) override { listed_.erase(key); }

  void end_list() override {
    const auto now = std::exchange(listed_, {});
    const auto before = store_.replace(now);
    for (const auto& [key, object] : before) {
      if (!now.contains(key)) tell({key, object, nullptr});
    }
    for (const auto& [key, object] : now) {
      const auto old = before.find(key);
      tell({key, old == before.end() ? nullptr : old->second, object});
    }
  }

  void put(Json object) override {
    auto made = std::make_shared<const Json>(std::move(object));
    const ObjectKey key = key_of(*made);
    ObjectPointer after = held_or(key, std::move(made));
    ObjectPointer before = store_.put(after);
    tell({key, std::move(before), std::move(after)});
  }

  void remove(const ObjectKey& key) override {
    if (ObjectPointer before = store_.remove(key)) tell({key, std::move(before), nullptr});
  }

  [[nodiscard]] size_t size() const override { return store_.size(); }
  [[nodiscard]] const Store& store() const { return store_; }

 private:
  // The existing object, if the server sent the same version again.
  [[nodiscard]] ObjectPointer held_or(const ObjectKey& key, ObjectPointer object) const {
    ObjectPointer held = store_.get(key);
    return held && version_of(*held) == version_of(*object) ? held : object;
  }

  void tell(const Change& change) const {
    if (change.before != change.after && listener_) listener_(change);
  }

  Store store_;
  const Listener listener_;
  std::map<ObjectKey, ObjectPointer> listed_;  // on the scheduler only
};

Informer::Informer(Options options, ListWatch& api, Scheduler& scheduler, uint64_t seed,
                   MetricRegistry& metrics, Listener listener)
    : shelf_(std::make_shared<StoreShelf>(std::move(options.index), std::move(listener))),
      reflector_(
          {.selection = std::move(options.selection), .unread_bytes_max = options.unread_bytes_max},
          api, scheduler, seed, metrics, shelf_) {}

const Store& Informer::store() const { return shelf_->store(); }

}  // namespace dualtrace::kube
