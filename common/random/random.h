// SPDX-License-Identifier: Apache-2.0
#pragma once
// The only source of randomness: seeded, so that a schedule can be replayed from its seed.
// Used from one thread.

#include <cstdint>
#include <random>

namespace dualtrace {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // Uniform in [0, bound); 0 if bound is 0.
  uint64_t below(uint64_t bound) { return bound == 0 ? 0 : engine_() % bound; }
  uint64_t next() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// A seed from the operating system, for production.
[[nodiscard]] inline uint64_t entropy() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

}  // namespace dualtrace
