// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/trace.h"

#include <algorithm>
#include <cstdio>

namespace dualtrace::agent::sim {

void Trace::add(const char* what, std::string_view subject, uint64_t a, uint64_t b) {
  Event& event = events_[count_++ % events_.size()];
  event.step = step_;
  event.tick = clock_.tick();
  event.what = what;
  event.a = a;
  event.b = b;
  const size_t room = event.subject.size() - 1;
  subject.remove_prefix(subject.size() - std::min(subject.size(), room));
  *std::copy(subject.begin(), subject.end(), event.subject.begin()) = '\0';
}

void Trace::print(size_t events_max) const {
  const uint64_t kept = std::min<uint64_t>({count_, events_.size(), events_max});
  for (uint64_t i = count_ - kept; i < count_; ++i) {
    const Event& event = events_[i % events_.size()];
    const double seconds =
        std::chrono::duration<double>(event.tick.time_since_epoch()).count() - 3600;
    std::fprintf(stderr, "  step %-8llu %12.6f s  %-22s %-40s %llu %llu\n",
                 static_cast<unsigned long long>(event.step), seconds, event.what,
                 event.subject.data(), static_cast<unsigned long long>(event.a),
                 static_cast<unsigned long long>(event.b));
  }
}

}  // namespace dualtrace::agent::sim
