// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeCredential: shows what the test says, another one once it was refused. Used from one thread.

#include <deque>

#include "common/kube/api_credential.h"

namespace dualtrace::kube {

class FakeCredential final : public ApiCredential {
 public:
  struct State {
    std::deque<Result<Shown>> shown;  // the first, until refused; the last stays
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
