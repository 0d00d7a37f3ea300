// SPDX-License-Identifier: Apache-2.0
#include "agent/intake/intake.h"

#include <initializer_list>
#include <optional>
#include <utility>

#include "agent/journal/journal.h"
#include "agent/otlp/json.h"
#include "agent/otlp/walk.h"
#include "common/compress/gzip.h"
#include "common/compress/zstd.h"

namespace dualtrace::agent {
namespace {

// The bytes in flight to the disk: enough to fill a group while the previous one is being written,
// and no more than a disk writes in some tens of milliseconds.
constexpr size_t kBytesUnderWayMax = 8 * 1024 * 1024;
// A record may have an eighth of its size unused; more than that justifies a copy.
constexpr size_t kUnusedShareMax = 8;

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
  additions_.swap(shared);  // the old ones are destroyed after the lock is released
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
  // The ticket is released with the journal's answer: the part of the payload that the journal
  // still holds then has its own limit.
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
  // An empty body was admitted without a ticket.
  if (!request.body.empty()) {
    const size_t bytes = request.body.capacity() + kRequestCostBytes;
    if (Status grown = request.ticket.grow_to(bytes); !grown) return fail(std::move(grown).error());
  }
  Result<std::string> body = inflated(request);
  if (body && request.format == BodyFormat::kJson) {
    body = decoded(*std::move(body), request.ticket);
  }
  if (!body) {
    return fail(std::move(body).error());
  }
  const Result<WalkSummary> summary = walk_received(*body);
  if (!summary) {
    return fail(summary.error());
  }
  if (summary->spans == 0) {
    return Record{};
  }
  if (summary->old_scopes > 0) {
    rename_old_scopes(*body);
  }
  body = enriched(*std::move(body), request.ticket);
  if (!body) {
    return fail(std::move(body).error());
  }
  if (body->size() > options_.record_bytes_max) {
    return fail(ErrorKind::kExhausted, "the request is larger than the journal accepts");
  }
  if (Status trimmed = trim(*body, request.ticket); !trimmed) {
    return fail(std::move(trimmed).error());
  }
  return Record{.payload = *std::move(body), .spans = summary->spans};
}

// The record stays in memory after this step, in components that count only the bytes of records:
// they would hold its unused capacity uncounted.
Status JournalIntake::trim(std::string& record, Ticket& ticket) {
  const size_t unused = record.capacity() - record.size();
  if (unused > record.size() / kUnusedShareMax) {
    if (Status grown = ticket.grow_to(record.capacity() + record.size() + kRequestCostBytes);
        !grown) {
      return grown;
    }
    record.shrink_to_fit();
  }
  ticket.shrink_to(record.capacity() + kRequestCostBytes);
  return {};
}

Result<std::string> JournalIntake::inflated(IntakeRequest& request) const {
  std::string received = std::move(request.body);
  const size_t held = received.capacity() + kRequestCostBytes;
  const MayGrowTo may_grow_to = [&](size_t bytes) { return request.ticket.grow_to(held + bytes); };
  switch (request.encoding) {
    case BodyEncoding::kIdentity:
      return received;
    case BodyEncoding::kGzip:
      return gunzip(received, options_.request_bytes_max, may_grow_to);
    case BodyEncoding::kZstd:
      return unzstd(received, options_.request_bytes_max, may_grow_to);
  }
  return fail(ErrorKind::kInternal, "an unknown encoding");
}

Result<std::string> JournalIntake::decoded(std::string json, Ticket& ticket) {
  if (!json.empty()) {  // then there is a ticket
    const size_t bytes = json.capacity() + kJsonMemoryFactor * json.size() + kRequestCostBytes;
    if (Status grown = ticket.grow_to(bytes); !grown) return fail(std::move(grown).error());
  }
  return protobuf_from_json(std::move(json));
}

Result<std::string> JournalIntake::enriched(std::string body, Ticket& ticket) const {
  std::shared_ptr<const Additions> additions;
  {
    Lock lock(mutex_);
    additions = additions_;
  }
  if (additions->empty()) {
    return body;
  }
  Result<std::optional<std::string>> spliced = splice(body, *additions, [&](size_t bytes) {
    return ticket.grow_to(body.capacity() + bytes + kRequestCostBytes);
  });
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
