// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeEventSink: records the events. Used from one thread.

#include <string>
#include <utility>
#include <vector>

#include "common/kube/event_recorder.h"

namespace dualtrace::kube {

class FakeEventSink final : public EventSink {
 public:
  void record(Event event) override { events.push_back(std::move(event)); }

  // "Warning SecretMissing", in order.
  [[nodiscard]] std::vector<std::string> told() const {
    std::vector<std::string> texts;
    for (const Event& event : events) {
      texts.push_back((event.type == Event::Type::kNormal ? "Normal " : "Warning ") + event.reason);
    }
    return texts;
  }

  std::vector<Event> events;
};

}  // namespace dualtrace::kube
