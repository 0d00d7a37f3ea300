// SPDX-License-Identifier: Apache-2.0
#pragma once
// Drift: decides when a child must be applied, so that a reconciliation without work sends no
// request to the API server. It remembers the last applied intent, and what the API server stored
// for it, by its essence (trim.h): if the intent and the essence in the cache are the same, no
// request is needed. There is one for each child of each export, and it does not outlive the
// process: after a start everything is applied once, which changes nothing that is up to date.
//
// The cache lags behind our writes. While it shows the same state as when we applied, we wait for
// the event that our write must cause. The state that it shows next is our answer, or older (other
// changes that came before), or newer. Clients cannot order versions, so the last two look alike,
// and the child is applied. If it was the older state, this changes nothing, and the same state
// does not make us apply again. So each state that the cache shows costs at most one request, and a
// request that changes nothing creates no new state: there is no loop. If the event never comes
// (the object was created and deleted while the watch was disconnected), the wait ends after a
// while. This time grows as long as it turns out that nothing was missed.
//
// If another writer keeps reverting what we apply (a quarrel), we back off, up to a minute.
// Used from one thread at a time.

#include <cstdint>
#include <optional>
#include <string>

#include "common/json/json.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

class Drift {
 public:
  // `cached` is what the cache shows, nullptr if nothing.
  [[nodiscard]] bool is_due(const std::string& intent, const Json* cached, Tick now);
  // Takes the API server's answer to applying `intent`; returns whether that changed the object.
  bool applied(const std::string& intent, const Json& answer, const Json* cached, Tick now);
  // The result of the last apply is not known.
  void forget() { answer_.reset(); }

  // When to check again even without an event.
  [[nodiscard]] std::optional<Tick> look_again() const { return look_again_; }
  // The generation of the object in the last answer; 0 if its uid differs.
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
  std::optional<std::string>
      seen_;            // the version that the cache showed then; reset once it changes
  Tick waits_until_{};  // for the cache to change
  Duration patience_{};
  uint32_t put_backs_ = 0;  // in quick succession
  Tick last_put_back_{};
  std::optional<Tick> look_again_;
};

}  // namespace dualtrace::ctl
