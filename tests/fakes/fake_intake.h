// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeIntake: an Intake with a real budget and no journal. It answers every request immediately
// with `answer`, or, while `held` is set, keeps the answers until the test sends them.
// Thread-safe; the public fields must be set before it is used.

#include <utility>
#include <vector>

#include "agent/intake/intake.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

class FakeIntake final : public Intake {
 public:
  explicit FakeIntake(size_t budget = 1024 * 1024) : admission(budget) {}

  Admission admission;
  size_t bytes_max = 256 * 1024;
  Status answer;
  bool held = false;

  void accept(IntakeRequest request, IntakeAnswer reply) override {
    {
      const Lock lock(mutex_);
      bodies_.push_back(std::move(request.body));
      accepted_.notify_all();
      if (held) {
        answers_.push_back(std::move(reply));
        return;
      }
    }
    reply(answer);
  }
  Result<Ticket> admit(size_t bytes, std::shared_ptr<PeerShare> peer = nullptr) override {
    return admission.admit(bytes, std::move(peer));
  }
  [[nodiscard]] size_t request_bytes_max() const override { return bytes_max; }

  // Every body accepted so far, once there are at least `count`.
  std::vector<std::string> wait_for(size_t count) {
    const Lock lock(mutex_);
    while (bodies_.size() < count) accepted_.wait(mutex_);
    return bodies_;
  }
  void answer_held(const Status& status) {
    std::vector<IntakeAnswer> answers;
    {
      const Lock lock(mutex_);
      answers = std::exchange(answers_, {});
    }
    for (const IntakeAnswer& reply : answers) reply(status);
  }

 private:
  Mutex mutex_;
  CondVar accepted_;
  std::vector<std::string> bodies_ DT_GUARDED_BY(mutex_);
  std::vector<IntakeAnswer> answers_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
