// SPDX-License-Identifier: Apache-2.0
#pragma once
// Intake: all synchronous steps of one request on one screen: inflate → decode JSON → walk → enrich
// → append. The answer says only "stored" or why not; it never depends on a destination. The
// receiver owns one and calls accept() from its threads. Thread-safe.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/intake/admission.h"
#include "agent/intake/fair_queue.h"
#include "agent/otlp/splice.h"
#include "common/error/result.h"
#include "common/metric/metric.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

class Journal;

enum class BodyFormat { kProtobuf, kJson };
enum class BodyEncoding { kIdentity, kGzip, kZstd };

// What a request costs in addition to its bytes while it is in flight to the disk: its answer, its
// place in the queues, the allocator's overhead.
inline constexpr size_t kRequestCostBytes = 1024;

struct IntakeRequest {
  std::string body;  // as received, at most Options::request_bytes_max
  BodyFormat format = BodyFormat::kProtobuf;
  BodyEncoding encoding = BodyEncoding::kIdentity;
  Ticket ticket;  // covers body; the intake grows it for what it inflates or decodes
};

// Called exactly once; on the caller's own thread (refusals, empty requests) or on the journal's.
// OK: stored. kInvalid: bad data. kExhausted: above the size limit. kThrottled, kUnavailable: not
// now, with retry_after.
using IntakeAnswer = std::function<void(Status)>;

// The receiver's interface to the intake; JournalIntake below implements it, tests of the receiver
// fake it.
class Intake {
 public:
  virtual ~Intake() = default;
  virtual void accept(IntakeRequest request, IntakeAnswer answer) = 0;
  // Call before any byte of a body of that size is read. Errors as Admission::admit.
  virtual Result<Ticket> admit(size_t bytes, std::shared_ptr<PeerShare> peer) = 0;
  // A request's limit, in bytes after decompression.
  [[nodiscard]] virtual size_t request_bytes_max() const = 0;
};

class JournalIntake final : public Intake {
 public:
  struct Options {
    size_t request_bytes_max = 64 * 1024 * 1024;
    // The largest record that the journal accepts (kSegmentOverheadBytes).
    size_t record_bytes_max = 64 * 1024 * 1024 - 4096;
  };
  // All references outlive the intake, and the journal may call back at any later time.
  JournalIntake(Options options, Admission& admission, Journal& journal, MetricRegistry& metrics);
  ~JournalIntake() override;
  JournalIntake(const JournalIntake&) = delete;
  JournalIntake& operator=(const JournalIntake&) = delete;

  // The attributes to add from the next request on; none before the first call (enricher.h).
  void set_additions(std::vector<ResourceAddition> additions);
  void accept(IntakeRequest request, IntakeAnswer answer) override;
  Result<Ticket> admit(size_t bytes, std::shared_ptr<PeerShare> peer = nullptr) override {
    return admission_.admit(bytes, std::move(peer));
  }
  [[nodiscard]] size_t request_bytes_max() const override { return options_.request_bytes_max; }

 private:
  using Additions = std::vector<ResourceAddition>;
  struct Record {
    std::string payload;
    uint32_t spans = 0;
  };
  struct Counters {
    Counter* spans = nullptr;
    Counter* bytes = nullptr;
    std::map<ErrorKind, Counter*> refused;

    void count(const Status& outcome, double record_spans, double record_bytes) const;
  };

  // The body in the form in which it is stored, in no more memory than it needs. The ticket covers
  // the memory for the work and, in the end, for the record and its overhead.
  Result<Record> prepare(IntakeRequest& request) const;
  Result<std::string> inflated(IntakeRequest& request) const;
  static Result<std::string> decoded(std::string json, Ticket& ticket);
  static Status trim(std::string& record, Ticket& ticket);
  Result<std::string> enriched(std::string body, Ticket& ticket) const;

  const Options options_;
  Admission& admission_;
  const std::shared_ptr<FairQueue> queue_;          // to the journal; shared with its callbacks
  const std::shared_ptr<const Counters> counters_;  // shared with the journal's callbacks
  mutable Mutex mutex_;
  std::shared_ptr<const Additions> additions_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
