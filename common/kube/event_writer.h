// SPDX-License-Identifier: Apache-2.0
#pragma once
// EventWriter: writes an event: a new one is created; a repeated one within six minutes becomes a
// series of the first. Private to event_recorder.cc and the tests.
//
// Limits: remembers kRememberedMax events, and forgets the least recent; three attempts per event.
// Used from one thread.

#include <functional>
#include <map>
#include <string>

#include "common/kube/event_recorder.h"

namespace dualtrace::kube {

class EventWriter {
 public:
  static constexpr size_t kRememberedMax = 2000;
  // Waits before the next attempt; returns false if there should be none.
  using Pause = std::function<bool(Duration)>;
  enum class Written { kCreated, kSeries };

  // The references outlive it.
  EventWriter(EventRecorder::Options options, Api& api, Clock& clock, Pause pause);

  // Blocks for as long as the calls and the pauses take.
  Result<Written> write(const Event& event);

 private:
  struct Remembered {
    ObjectKey key;  // of the Event that was created
    int64_t count = 1;
    Tick last{};
  };
  using Memory = std::map<std::string, Remembered>;

  Result<Written> create(const Event& event, const std::string& identity);
  Status continue_series(Remembered& remembered);
  Status try_to(const std::function<Status()>& call);
  void remember(const std::string& identity, const ObjectKey& key);
  [[nodiscard]] Json object_of(const Event& event, const ObjectKey& key) const;
  ObjectKey next_key(const Event& event);

  const EventRecorder::Options options_;
  Api& api_;
  Clock& clock_;
  const Pause pause_;
  Memory memory_;  // by everything that makes two events equal
  int64_t last_number_ = 0;
};

}  // namespace dualtrace::kube
