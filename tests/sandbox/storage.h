// SPDX-License-Identifier: Apache-2.0
#pragma once
// Storage: the file spans.db, with the table `requests` (each request with its bytes and outcome)
// and the table `spans` (a row per span). One thread writes, with one transaction for everything
// that has arrived in the meantime. `done` is called after the commit, so that queries find the
// spans of every answered request. Nothing is synced: the file survives the process, but not the
// machine. Thread-safe.

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/sync/mutex.h"
#include "common/time/clock.h"
#include "tests/sandbox/destination.h"
#include "tests/sandbox/span_row.h"
#include "tests/sandbox/sql.h"
#include "tests/sandbox/stats.h"

namespace dualtrace::sandbox {

struct RequestRow {
  Destination destination = Destination::kArize;
  std::string protocol{};    // "grpc" or "http"
  std::string table_name{};  // Databricks: the Unity Catalog table
  WallTime arrived{};
  std::string headers{};  // JSON, credentials replaced
  std::string body{};     // decompressed
  std::string outcome{};  // "ok" or the reason of the refusal
  std::string fault{};    // the one that was applied, or ""
  uint64_t spans_received = 0;
  uint64_t spans_rejected = 0;
  uint64_t spans_swallowed = 0;
};

class Storage {
 public:
  using Done = std::function<void(Status)>;

  // Creates the file, or continues with an existing one.
  static Result<std::unique_ptr<Storage>> open(const std::string& path, bool keep_bodies);

  // Writes everything that it was given, then joins the thread.
  ~Storage();

  // Calls `done` once, on the writer's thread.
  void store(RequestRow request, std::vector<SpanRow> spans, Done done);
  // Deletes all requests and spans, in the order of the calls to store().
  void reset(Done done);

  [[nodiscard]] DestinationStats stats(Destination destination) const;

 private:
  struct Job {
    bool reset = false;
    RequestRow request{};
    std::vector<SpanRow> spans{};
    Done done{};
  };
  using Stats = std::map<Destination, DestinationStats>;

  Storage(Database database, bool keep_bodies);

  Status prepare();
  Status recount();
  void run();
  Status write(std::vector<Job>& jobs, Stats& stats);
  Status write(const Job& job, Stats& stats);
  Status write_span(const Job& job, const SpanRow& span, int64_t request_id,
                    DestinationStats& stats);
  Status forget(Stats& stats);

  const bool keep_bodies_;

  // Only for the writer's thread once it runs.
  Database database_;
  Statement insert_request_;
  Statement insert_span_;
  Statement find_copies_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<Job> queue_ DT_GUARDED_BY(mutex_);
  Stats stats_ DT_GUARDED_BY(mutex_);
  bool stopping_ DT_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace dualtrace::sandbox
