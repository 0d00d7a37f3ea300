// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/drift.h"

#include <algorithm>
#include <utility>

#include "operator/reconcile/trim.h"

namespace dualtrace::ctl {
namespace {

constexpr Duration kPatience = std::chrono::seconds(15);
constexpr Duration kPatienceMax = std::chrono::minutes(5);
// If a change is reverted this many times, no further apart than this, another writer is in
// conflict with us.
constexpr uint32_t kPutBacksMax = 5;
constexpr Duration kQuickly = std::chrono::minutes(2);
constexpr Duration kQuarrelPause = std::chrono::seconds(2);
constexpr Duration kQuarrelPauseMax = std::chrono::minutes(1);

std::string version_of(const Json* object) {
  return object == nullptr ? std::string()
                           : std::string(text_at(*object, {"metadata", "resourceVersion"}));
}

Duration pause_after(uint32_t put_backs) {
  if (put_backs < kPutBacksMax) return Duration{0};
  const uint32_t doublings = std::min(put_backs - kPutBacksMax, 6U);
  return std::min<Duration>(kQuarrelPause * (1U << doublings), kQuarrelPauseMax);
}

}  // namespace

bool Drift::shows_answer(const Json* cached) const {
  return cached != nullptr &&
         (version_of(cached) == answer_->version || essence_of(*cached) == answer_->essence);
}

bool Drift::is_due(const std::string& intent, const Json* cached, Tick now) {
  look_again_.reset();
  if (!answer_ || answer_->intent != intent) return true;
  if (shows_answer(cached)) {
    seen_.reset();
    return false;
  }
  if (seen_ && *seen_ == version_of(cached) && now < waits_until_) {
    look_again_ = waits_until_;
    return false;
  }
  const Tick calm = last_put_back_ + pause_after(put_backs_);
  if (now < calm) {
    look_again_ = calm;
    return false;
  }
  return true;
}

bool Drift::applied(const std::string& intent, const Json& answer, const Json* cached, Tick now) {
  const std::string version = version_of(&answer);
  std::string essence = essence_of(answer);
  const int64_t generation = integer_at(answer, {"metadata", "generation"}).value_or(0);
  // Where a status is written, versions change without us; there, generations distinguish edits.
  // Without generations, two reverts within a second have the same essence, and nobody else writes.
  const bool known =
      answer_ && (answer_->version == version || (generation > 0 && answer_->essence == essence));
  const bool changed = !known && version != version_of(cached);
  if (changed && answer_ && answer_->intent == intent) {
    put_backs_ = put_backs_ > 0 && now - last_put_back_ < kQuickly ? put_backs_ + 1 : 1;
    last_put_back_ = now;
  }
  patience_ = known ? std::min(patience_ * 2, kPatienceMax) : kPatience;
  answer_ = Answer{.intent = intent,
                   .essence = std::move(essence),
                   .version = version,
                   .uid = std::string(text_at(answer, {"metadata", "uid"})),
                   .generation = generation};
  seen_.reset();
  look_again_.reset();
  if (!shows_answer(cached)) {
    seen_ = version_of(cached);
    waits_until_ = now + patience_;
    look_again_ = waits_until_;
  }
  return changed;
}

int64_t Drift::generation_of(std::string_view uid) const {
  return answer_ && answer_->uid == uid ? answer_->generation : 0;
}

bool Drift::quarrels() const { return put_backs_ >= kPutBacksMax; }

}  // namespace dualtrace::ctl
