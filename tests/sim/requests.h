// SPDX-License-Identifier: Apache-2.0
#pragma once
// Requests: every request that a simulated client sent, and how to recognize its spans wherever
// they arrive. A span contains its own number and that of its request; a checksum here covers its
// other bytes. Used from one thread.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/random/random.h"
#include "common/time/clock.h"

namespace dualtrace::agent::sim {

enum class Answer : uint8_t {
  kNone,     // none yet
  kOk,       // stored
  kRefused,  // not stored, as far as the agent knows
  kLost,     // the agent died before it answered
};

struct Request {
  uint64_t first_span = 0;  // counted over all requests
  uint32_t spans = 0;
  uint32_t bytes = 0;
  uint32_t crc = 0;
  uint32_t journal = 0;   // the one it was appended to
  uint32_t position = 0;  // within that journal
  uint32_t life = 0;      // of the agent that received it
  Answer answer = Answer::kNone;
  bool may_be_lost = false;  // Durability::kMemory: not synced before the power loss
  Tick sent{};
};

class Requests {
 public:
  // Creates a request; returns its number and fills in its payload.
  uint32_t make(Random& random, size_t bytes_max, std::string& payload);

  Request& operator[](uint32_t number) { return all_[number]; }
  const Request& operator[](uint32_t number) const { return all_[number]; }
  [[nodiscard]] size_t size() const { return all_.size(); }
  [[nodiscard]] uint64_t spans() const { return span_crcs_.size(); }

  // The numbers (over all requests) of the spans in a body. Violation if a byte of a span or of its
  // resource differs from what was sent.
  [[nodiscard]] std::vector<uint64_t> spans_in(std::string_view body) const;
  // The request of the first span in a body.
  [[nodiscard]] uint32_t request_in(std::string_view body) const;

 private:
  void visit(std::string_view body,
             const std::function<bool(uint32_t request, uint64_t span, std::string_view bytes)>&
                 each) const;

  std::vector<Request> all_;
  std::vector<uint32_t> span_crcs_;
};

}  // namespace dualtrace::agent::sim
