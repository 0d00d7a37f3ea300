// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeExporter: keeps every request for the test to inspect. It answers when the test tells it to,
// or automatically through `behaviour`, after `latency` on the given scheduler. Used from one
// thread.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "agent/send/exporter.h"
#include "common/time/scheduler.h"

namespace dualtrace::agent {

class FakeExporter final : public Exporter {
 public:
  struct Sent {
    ExportRequest request;
    Done done;  // empty once answered
  };

  explicit FakeExporter(Scheduler& scheduler) : scheduler_(scheduler) {}

  void send(ExportRequest request, Done done) override {
    sent.push_back({request, done});
    if (!behaviour) return;
    const size_t index = sent.size() - 1;
    scheduler_.run_after(latency, [this, index] {
      if (sent[index].done) answer(index, behaviour(sent[index].request));
    });
  }

  void answer(size_t index, Outcome outcome) {
    std::exchange(sent[index].done, {})(std::move(outcome));
  }
  [[nodiscard]] size_t unanswered() const {
    size_t count = 0;
    for (const Sent& each : sent) count += each.done ? 1 : 0;
    return count;
  }
  [[nodiscard]] std::string body(size_t index) const {
    return sent[index].request.body->plain().joined();
  }

  std::vector<Sent> sent;
  std::function<Outcome(const ExportRequest&)> behaviour;
  Duration latency = std::chrono::milliseconds(1);

 private:
  Scheduler& scheduler_;
};

}  // namespace dualtrace::agent
