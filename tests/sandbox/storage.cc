// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/storage.h"

#include <pthread.h>

#include <cstdio>

#include "common/log/log.h"

namespace dualtrace::sandbox {
namespace {

constexpr const char* kSchema = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
CREATE TABLE IF NOT EXISTS requests (
  id INTEGER PRIMARY KEY, destination TEXT, protocol TEXT, table_name TEXT, arrived_unix_nano INTEGER,
  headers TEXT, body BLOB, bytes INTEGER, outcome TEXT, fault TEXT,
  spans_received INTEGER, spans_stored INTEGER, spans_rejected INTEGER, spans_swallowed INTEGER);
CREATE TABLE IF NOT EXISTS spans (
  id INTEGER PRIMARY KEY, request_id INTEGER, destination TEXT,
  record_id TEXT, time TEXT, date TEXT, service_name TEXT, trace_id TEXT, span_id TEXT,
  parent_span_id TEXT, trace_state TEXT, flags INTEGER, name TEXT, kind TEXT,
  start_time_unix_nano INTEGER, end_time_unix_nano INTEGER, attributes TEXT,
  dropped_attributes_count INTEGER, events TEXT, dropped_events_count INTEGER, links TEXT,
  dropped_links_count INTEGER, status TEXT, resource TEXT, resource_schema_url TEXT,
  span_schema_url TEXT, instrumentation_scope TEXT,
  sha256 BLOB, copy TEXT);
CREATE INDEX IF NOT EXISTS spans_by_id ON spans (destination, trace_id, span_id);
)sql";

// The value of `copy`: `first` for the first row with its ids, then `exact` or `different`.
constexpr std::string_view kFirst = "first";
constexpr std::string_view kExact = "exact";
constexpr std::string_view kDifferent = "different";

void count_span(DestinationStats& stats, std::string_view copy, uint64_t number) {
  stats.spans += number;
  if (copy == kFirst) stats.unique += number;
  if (copy == kExact) stats.exact_duplicates += number;
}

void count_request(DestinationStats& stats, const std::string& outcome, uint64_t number) {
  stats.requests += number;
  if (outcome != "ok") stats.refused[outcome] += number;
}

}  // namespace

Result<std::unique_ptr<Storage>> Storage::open(const std::string& path, bool keep_bodies) {
  auto database = Database::open(path);
  if (!database) return fail(database.error().with_prefix(path + ": "));
  std::unique_ptr<Storage> storage(new Storage(*std::move(database), keep_bodies));
  if (auto prepared = storage->prepare(); !prepared)
    return fail(prepared.error().with_prefix(path + ": "));
  storage->thread_ = std::thread([raw = storage.get()] { raw->run(); });
  pthread_setname_np(storage->thread_.native_handle(), "storage");
  return storage;
}

Storage::Storage(Database database, bool keep_bodies)
    : keep_bodies_(keep_bodies), database_(std::move(database)) {}

Storage::~Storage() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Storage::store(RequestRow request, std::vector<SpanRow> spans, Done done) {
  {
    Lock lock(mutex_);
    queue_.push_back(
        {.request = std::move(request), .spans = std::move(spans), .done = std::move(done)});
  }
  changed_.notify_one();
}

void Storage::reset(Done done) {
  {
    Lock lock(mutex_);
    queue_.push_back({.reset = true, .done = std::move(done)});
  }
  changed_.notify_one();
}

DestinationStats Storage::stats(Destination destination) const {
  Lock lock(mutex_);
  const auto found = stats_.find(destination);
  return found == stats_.end() ? DestinationStats() : found->second;
}

Status Storage::prepare() {
  if (auto executed = database_.execute(kSchema); !executed) return executed;
  const std::pair<Statement*, std::string_view> statements[] = {
      {&insert_request_,
       "INSERT INTO requests VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {&insert_span_,
       "INSERT INTO spans VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
       "?, "
       "?, ?, ?, ?, ?, ?, ?, ?)"},
      {&find_copies_,
       "SELECT MAX(sha256 = ?) FROM spans WHERE destination = ? AND trace_id = ? AND span_id = ?"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database_.prepare(sql);
    if (!prepared) return fail(prepared.error());
    *statement = *std::move(prepared);
  }
  return recount();
}

// Reads the counts of an existing file.
Status Storage::recount() {
  Lock lock(mutex_);
  for (const Destination destination : kDestinations) {
    DestinationStats& stats = stats_[destination];
    auto requests = database_.prepare(
        "SELECT outcome, COUNT(*), SUM(spans_rejected), SUM(spans_swallowed) FROM requests "
        "WHERE destination = ? GROUP BY outcome");
    if (!requests) return fail(requests.error());
    requests->bind(to_string(destination));
    while (true) {
      auto row = requests->step();
      if (!row) return fail(row.error());
      if (!*row) break;
      count_request(stats, std::string(requests->text(0)), requests->number(1));
      stats.rejected += requests->number(2);
      stats.swallowed += requests->number(3);
    }
    auto spans =
        database_.prepare("SELECT copy, COUNT(*) FROM spans WHERE destination = ? GROUP BY copy");
    if (!spans) return fail(spans.error());
    spans->bind(to_string(destination));
    while (true) {
      auto row = spans->step();
      if (!row) return fail(row.error());
      if (!*row) break;
      count_span(stats, spans->text(0), spans->number(1));
    }
  }
  return {};
}

void Storage::run() {
  while (true) {
    std::vector<Job> jobs;
    Stats stats;
    {
      Lock lock(mutex_);
      while (queue_.empty() && !stopping_) changed_.wait(mutex_);
      if (queue_.empty()) return;
      jobs.swap(queue_);
      stats = stats_;
    }
    const Status written = write(jobs, stats);
    if (written) {
      Lock lock(mutex_);
      stats_ = std::move(stats);
    } else {
      log_error("could not store", {{"error", written.error().message}});
      ignore(database_.execute("ROLLBACK"), "the error that led here is the one to tell");
    }
    for (Job& job : jobs) job.done(written);
  }
}

Status Storage::write(std::vector<Job>& jobs, Stats& stats) {
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  for (const Job& job : jobs) {
    auto written = job.reset ? forget(stats) : write(job, stats);
    if (!written) return written;
  }
  return database_.execute("COMMIT");
}

Status Storage::forget(Stats& stats) {
  stats.clear();
  return database_.execute("DELETE FROM spans; DELETE FROM requests;");
}

Status Storage::write(const Job& job, Stats& stats) {
  const RequestRow& request = job.request;
  insert_request_.bind(to_string(request.destination))
      .bind(request.protocol)
      .bind(request.table_name)
      .bind(unix_nanos(request.arrived))
      .bind(request.headers);
  if (keep_bodies_) {
    insert_request_.bind_blob(
        {reinterpret_cast<const unsigned char*>(request.body.data()), request.body.size()});
  } else {
    insert_request_.bind_null();
  }
  insert_request_.bind(static_cast<int64_t>(request.body.size()))
      .bind(request.outcome)
      .bind(request.fault)
      .bind(static_cast<int64_t>(request.spans_received))
      .bind(static_cast<int64_t>(job.spans.size()))
      .bind(static_cast<int64_t>(request.spans_rejected))
      .bind(static_cast<int64_t>(request.spans_swallowed));
  if (auto inserted = insert_request_.run(); !inserted) return inserted;
  const int64_t request_id = database_.last_row_id();

  DestinationStats& counts = stats[request.destination];
  count_request(counts, request.outcome, 1);
  counts.rejected += request.spans_rejected;
  counts.swallowed += request.spans_swallowed;
  for (const SpanRow& span : job.spans)
    if (auto written = write_span(job, span, request_id, counts); !written) return written;
  return {};
}

Status Storage::write_span(const Job& job, const SpanRow& span, int64_t request_id,
                           DestinationStats& stats) {
  const std::string_view destination = to_string(job.request.destination);
  find_copies_.bind_blob(span.sha256).bind(destination).bind(span.trace_id).bind(span.span_id);
  if (auto found = find_copies_.step(); !found) return fail(found.error());
  const std::string_view copy = find_copies_.is_null(0)       ? kFirst
                                : find_copies_.number(0) != 0 ? kExact
                                                              : kDifferent;
  find_copies_.reset();
  count_span(stats, copy, 1);

  char record_id[40];  // ordered by arrival
  std::snprintf(record_id, sizeof record_id, "%016llx-%08llx",
                static_cast<unsigned long long>(unix_nanos(job.request.arrived)),
                static_cast<unsigned long long>(stats.spans));
  const std::string time = utc_text(span.start_time_unix_nano);
  return insert_span_.bind(request_id)
      .bind(destination)
      .bind(std::string_view(record_id))
      .bind(time)
      .bind(std::string_view(time).substr(0, 10))
      .bind(span.surroundings->service_name)
      .bind(span.trace_id)
      .bind(span.span_id)
      .bind(span.parent_span_id)
      .bind(span.trace_state)
      .bind(int64_t{span.flags})
      .bind(span.name)
      .bind(span.kind)
      .bind(span.start_time_unix_nano)
      .bind(span.end_time_unix_nano)
      .bind(span.attributes)
      .bind(int64_t{span.dropped_attributes_count})
      .bind(span.events)
      .bind(int64_t{span.dropped_events_count})
      .bind(span.links)
      .bind(int64_t{span.dropped_links_count})
      .bind(span.status)
      .bind(span.surroundings->resource)
      .bind(span.surroundings->resource_schema_url)
      .bind(span.surroundings->span_schema_url)
      .bind(span.surroundings->instrumentation_scope)
      .bind_blob(span.sha256)
      .bind(copy)
      .run();
}

}  // namespace dualtrace::sandbox
