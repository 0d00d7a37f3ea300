#pragma once
// Intake: the whole synchronous story of one request on one screen: inflate → decode JSON → walk →
// enrich → append. The answer says only "stored" or why not; it never speaks of a destination.
// The receiver owns one and calls accept() from its threads. Thread-safe.

#include <functional>
#include <string>
#include <vector>

#include "agent/intake/admission.h"
#include "agent/otlp/splice.h"
#include "common/error/result.h"
#include "common/metric/metric.h"

namespace dualtrace::agent {

class Journal;

enum class BodyFormat { kProtobuf, kJson };
enum class BodyEncoding { kIdentity, kGzip };

struct IntakeRequest {
  std::string body;  // as received, at most Options::request_bytes_max
  BodyFormat format = BodyFormat::kProtobuf;
  BodyEncoding encoding = BodyEncoding::kIdentity;
  Ticket ticket;  // covers body; the intake grows it for what it inflates or decodes
};

// Called exactly once; on the caller's own thread (refusals, empty requests) or on the journal's.
// OK: stored. kInvalid: bad data. kExhausted: above the size limit. kThrottled, kUnavailable:
// not now, with retry_after.
using IntakeAnswer = std::function<void(Status)>;

// What the receiver needs of the intake; the component above it is real, tests of the receiver fake it.
class Intake {
 public:
  virtual ~Intake() = default;
  virtual void accept(IntakeRequest request, IntakeAnswer answer) = 0;
  // Before any byte of a body of that size is read. Errors as Admission::admit.
  virtual Result<Ticket> admit(size_t bytes) = 0;
  // A request's limit, in bytes after decompression.
  [[nodiscard]] virtual size_t request_bytes_max() const = 0;
};

class JournalIntake final : public Intake {
 public:
  struct Options {
    size_t request_bytes_max = 64 * 1024 * 1024;
    std::vector<ResourceAddition> additions;
  };
  // All references outlive the intake.
  JournalIntake(Options options, Admission& admission, Journal& journal, MetricRegistry& metrics);

  void accept(IntakeRequest request, IntakeAnswer answer) override;
  Result<Ticket> admit(size_t bytes) override { return admission_.admit(bytes); }
  [[nodiscard]] size_t request_bytes_max() const override { return options_.request_bytes_max; }

 private:
  const Options options_;
  Admission& admission_;
  Journal& journal_;
};

}  // namespace dualtrace::agent
