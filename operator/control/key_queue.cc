// SPDX-License-Identifier: Apache-2.0
#include "operator/control/key_queue.h"

#include <algorithm>

#include "common/error/check.h"

namespace dualtrace::ctl {
namespace {

constexpr Duration kFirstRetry = std::chrono::milliseconds(5);
constexpr Duration kLastRetry = std::chrono::seconds(1000);
// 5 ms << 18 is more than 1,000 s.
constexpr uint32_t kDoublingsMax = 18;

}  // namespace

bool KeyQueue::add(const kube::ObjectKey& key, Tick now) {
  if (!dirty_.emplace(key, now).second) return false;
  drop_due(key);
  ++adds_;
  if (!in_work_.contains(key)) ready_.push_back(key);
  return true;
}

void KeyQueue::add_at(const kube::ObjectKey& key, Tick due) {
  if (dirty_.contains(key)) return;
  if (const auto known = due_.find(key); known != due_.end() && known->second <= due) return;
  drop_due(key);
  due_.emplace(key, due);
  order_.emplace(due, key);
}

Duration KeyQueue::retry(const kube::ObjectKey& key, Tick now, Duration at_least) {
  const uint32_t doublings = std::min(failures_[key]++, kDoublingsMax);
  const Duration delay = std::max(at_least, std::min(kLastRetry, kFirstRetry * (1U << doublings)));
  add_at(key, now + delay);
  return delay;
}

std::optional<KeyQueue::Taken> KeyQueue::take(Tick now) {
  while (!order_.empty() && order_.begin()->first <= now) {
    const auto [due, key] = *order_.begin();
    add(key, due);
  }
  if (ready_.empty()) return std::nullopt;
  const kube::ObjectKey key = std::move(ready_.front());
  ready_.pop_front();
  const auto since = dirty_.find(key);
  const Taken taken{key, now - since->second};
  dirty_.erase(since);
  in_work_.emplace(key, now);
  return taken;
}

Duration KeyQueue::finish(const kube::ObjectKey& key, Tick now) {
  const auto started = in_work_.find(key);
  DT_CHECK(started != in_work_.end());
  const Duration worked = now - started->second;
  in_work_.erase(started);
  if (dirty_.contains(key)) ready_.push_back(key);
  return worked;
}

std::optional<Tick> KeyQueue::next_due() const {
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first;
}

void KeyQueue::drop_due(const kube::ObjectKey& key) {
  const auto known = due_.find(key);
  if (known == due_.end()) return;
  order_.erase({known->second, key});
  due_.erase(known);
}

}  // namespace dualtrace::ctl
