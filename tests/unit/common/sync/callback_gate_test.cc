// SPDX-License-Identifier: Apache-2.0
#include "common/sync/callback_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace dualtrace {
namespace {

TEST(CallbackGate, LetsCallbacksThroughUntilItIsClosed) {
  CallbackGate gate;
  int passed = 0;
  gate.pass([&] { ++passed; });
  gate.pass([&] { ++passed; });
  gate.close();
  gate.pass([&] { ++passed; });
  EXPECT_EQ(passed, 2);
}

TEST(CallbackGate, ClosesFromWithinACallback) {
  CallbackGate gate;
  gate.pass([&] { gate.close(); });
  gate.pass([] { FAIL(); });
}

TEST(CallbackGate, WaitsForTheCallbackThatRunsOnAnotherThread) {
  CallbackGate gate;
  std::promise<void> inside;
  std::promise<void> go_on;
  std::atomic<bool> done = false;
  std::thread caller([&] {
    gate.pass([&] {
      inside.set_value();
      go_on.get_future().wait();
      done = true;
    });
  });
  inside.get_future().wait();
  std::thread closer([&] {
    gate.close();
    EXPECT_TRUE(done);
  });
  go_on.set_value();
  closer.join();
  caller.join();
}

}  // namespace
}  // namespace dualtrace
