#include "agent/intake/intake.h"

#include <initializer_list>
#include <optional>
#include <utility>

#include "agent/journal/journal.h"
#include "agent/otlp/json.h"
#include "agent/otlp/walk.h"
#include "common/compress/gzip.h"

namespace dualtrace::agent {
namespace {

// What is under way to the disk: enough that a group is full while the one before is being written,
// and no more than a disk writes in some tens of milliseconds.
constexpr size_t kBytesUnderWayMax = 8 * 1024 * 1024;

}  // namespace

JournalIntake::JournalIntake(Options options, Admission& admission, Journal& journal,
                             MetricRegistry& metrics)
    : options_(std::move(options)),
      admission_(admission),
      queue_(std::make_shared<FairQueue>(kBytesUnderWayMax,
                                         [&journal](FairQueue::Item item) {
                                           journal.append(std::move(item.payload), item.spans,
                                                          std::move(item.stored));
                                         })),
      counters_([&metrics] {
        auto counters = std::make_shared<Counters>();
        counters->spans = &metrics.counter("dualtrace_intake_spans_total", "Spans stored.");
        counters->bytes = &metrics.counter("dualtrace_intake_bytes_total",
                                           "Bytes stored, after decompression and enriching.");
        for (const ErrorKind kind :
             {ErrorKind::kInvalid, ErrorKind::kNotFound, ErrorKind::kConflict,
              ErrorKind::kThrottled, ErrorKind::kUnavailable, ErrorKind::kExhausted,
              ErrorKind::kCorrupt, ErrorKind::kCancelled, ErrorKind::kInternal}) {
          counters->refused[kind] = &metrics.counter("dualtrace_intake_refused_total",
                                                     "Requests that were read and not stored.",
                                                     {{"reason", std::string(to_string(kind))}});
        }
        return counters;
      }()),
      additions_(std::make_shared<const Additions>()) {}

JournalIntake::~JournalIntake() { queue_->close(); }

void JournalIntake::set_additions(std::vector<ResourceAddition> additions) {
  auto shared = std::make_shared<const Additions>(std::move(additions));
  Lock lock(mutex_);
  additions_.swap(shared);  // the old ones die after the lock
}

void JournalIntake::accept(IntakeRequest request, IntakeAnswer answer) {
  Result<Record> record = prepare(request);
  if (!record || record->spans == 0) {
    const Status outcome = record ? Status() : Status(fail(std::move(record).error()));
    counters_->count(outcome, 0, 0);
    answer(outcome);
    return;
  }
  const uint32_t spans = record->spans;
  const size_t bytes = record->payload.size();
  std::shared_ptr<PeerShare> peer = request.ticket.peer();
  // The ticket goes home with the journal's answer: what the journal then still holds of the
  // payload has a limit of its own.
  auto stored = [spans, bytes, counters = counters_, answer = std::move(answer), queue = queue_,
                 ticket =
                     std::make_shared<Ticket>(std::move(request.ticket))](const Status& outcome) {
    ticket->shrink_to(0);
    counters->count(outcome, spans, static_cast<double>(bytes));
    answer(outcome);
    queue->stored(bytes);
  };
  queue_->append({.peer = std::move(peer),
                  .payload = std::move(record->payload),
                  .spans = spans,
                  .stored = std::move(stored)});
}

Result<JournalIntake::Record> JournalIntake::prepare(IntakeRequest& request) const {
  Result<std::string> body = inflated(request);
  if (body && request.format == BodyFormat::kJson) {
    body = decoded(*body, request.ticket);
  }
  if (!body) {
    return fail(std::move(body).error());
  }
  const Result<WalkSummary> summary = walk(*body);
  if (!summary) {
    return fail(summary.error());
  }
  if (summary->spans == 0) {
    return Record{};
  }
  body = enriched(*std::move(body), summary->resource_spans, request.ticket);
  if (!body) {
    return fail(std::move(body).error());
  }
  if (body->size() > options_.record_bytes_max) {
    return fail(ErrorKind::kExhausted, "the request is larger than the journal takes");
  }
  request.ticket.shrink_to(body->capacity());
  return Record{.payload = *std::move(body), .spans = summary->spans};
}

Result<std::string> JournalIntake::inflated(IntakeRequest& request) const {
  std::string received = std::move(request.body);
  if (request.encoding == BodyEncoding::kIdentity) {
    return received;
  }
  return gunzip(received, options_.request_bytes_max,
                [&](size_t bytes) { return request.ticket.grow_to(received.size() + bytes); });
}

Result<std::string> JournalIntake::decoded(const std::string& json, Ticket& ticket) const {
  if (json.size() > options_.json_bytes_max) {
    return fail(ErrorKind::kExhausted,
                "more than " + std::to_string(options_.json_bytes_max) + " bytes of JSON");
  }
  if (Status grown = ticket.grow_to((1 + kJsonMemoryFactor) * json.size()); !grown) {
    return fail(std::move(grown).error());
  }
  return protobuf_from_json(json);
}

Result<std::string> JournalIntake::enriched(std::string body, size_t resource_spans,
                                            Ticket& ticket) const {
  std::shared_ptr<const Additions> additions;
  {
    Lock lock(mutex_);
    additions = additions_;
  }
  if (additions->empty()) {
    return body;
  }
  const size_t added_max = resource_spans * spliced_bytes_max(*additions);
  if (Status grown = ticket.grow_to(2 * body.size() + added_max); !grown) {
    return fail(std::move(grown).error());
  }
  Result<std::optional<std::string>> spliced = splice(body, *additions);
  if (!spliced) {
    return fail(std::move(spliced).error());
  }
  return spliced->has_value() ? **std::move(spliced) : std::move(body);
}

void JournalIntake::Counters::count(const Status& outcome, double record_spans,
                                    double record_bytes) const {
  if (outcome) {
    spans->add(record_spans);
    bytes->add(record_bytes);
  } else {
    refused.at(outcome.error().kind)->increment();
  }
}

}  // namespace dualtrace::agent
