// SPDX-License-Identifier: Apache-2.0
#pragma once
// Drift: when a child is to be applied, so that a reconciliation that finds nothing to do asks
// nothing of the API server. It remembers the intent that was applied last, and what the API server
// made of it, by its essence (trim.h): the same intent and the same essence in the cache need no
// request. One for each child of each export; nothing of it outlives the process: after a start
// everything is applied once, which changes nothing where nothing is to be changed.
//
// The cache lags behind what we have written. While it shows just what it showed when we applied,
// it says nothing new, and we wait for the event that our write must bring. What it shows next is
// either our answer, or older than it (other changes that came before), or newer. Versions have no
// order for us, so the last two look alike, and the child is applied: were it the older state, this
// changes nothing, and the same state does not make us apply again. So each state that the cache
// shows costs at most one request, and one that changes nothing makes no new state: there is no
// loop. Should the event never come (made and deleted again while the watch was torn), waiting ends
// after a while, which grows as long as nothing turns out to have been missed.
//
// Somebody who always changes back what we apply is a quarrel: we get slower, up to a minute.
// Used from one thread at a time.

#include <cstdint>
#include <optional>
#include <string>

#include "common/json/json.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

class Drift {
 public:
  // `cached` is what the cache shows, nullptr when nothing.
  [[nodiscard]] bool is_due(const std::string& intent, const Json* cached, Tick now);
  // The API server's answer to applying `intent`; whether the object was changed by that.
  bool applied(const std::string& intent, const Json& answer, const Json* cached, Tick now);
  // What the last application came to is not known.
  void forget() { answer_.reset(); }

  // When to look again even if nothing happens.
  [[nodiscard]] std::optional<Tick> look_again() const { return look_again_; }
  // Of the object that was last answered; 0 when its uid is another.
  [[nodiscard]] int64_t generation_of(std::string_view uid) const;
  [[nodiscard]] bool quarrels() const;

 private:
  struct Answer {
    std::string intent;
    std::string essence;
    std::string version;
    std::string uid;
    int64_t generation = 0;
  };
  [[nodiscard]] bool shows_answer(const Json* cached) const;

  std::optional<Answer> answer_;
  std::optional<std::string> seen_;  // the version that the cache showed then; has moved: nothing
  Tick waits_until_{};               // for the cache to move
  Duration patience_{};
  uint32_t put_backs_ = 0;  // in quick succession
  Tick last_put_back_{};
  std::optional<Tick> look_again_;
};

}  // namespace dualtrace::ctl
