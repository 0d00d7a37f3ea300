// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeCredential: returns the test's credentials, the next one once refused. Used from one thread.

#include <deque>

#include "common/kube/api_credential.h"

namespace dualtrace::kube {

class FakeCredential final : public ApiCredential {
 public:
  struct State {
    std::deque<Result<Shown>> shown;  // in use; the last one is kept even if refused
    int refusals = 0;
  };
  explicit FakeCredential(State& state) : state_(state) {}

  Result<Shown> current() override { return state_.shown.front(); }
  void refused() override {
    ++state_.refusals;
    if (state_.shown.size() > 1) state_.shown.pop_front();
  }

 private:
  State& state_;
};

}  // namespace dualtrace::kube
