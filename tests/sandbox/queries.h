// SPDX-License-Identifier: Apache-2.0
#pragma once
// Queries: what the admin calls read from spans.db, on a separate connection from the writer's.
// Thread-safe.

#include <memory>
#include <optional>
#include <string>

#include "common/error/result.h"
#include "common/sync/mutex.h"
#include "tests/sandbox/sql.h"

namespace dualtrace::sandbox {

struct SpanFilter {
  std::optional<std::string> destination{};
  std::optional<std::string> trace_id{};
  std::optional<std::string> name{};
  int64_t limit = 1000;
};

class Queries {
 public:
  // The file has been made by Storage.
  static Result<std::unique_ptr<Queries>> open(const std::string& path);

  // JSON arrays of objects, a member a column, in the order of arrival.
  Result<std::string> spans(const SpanFilter& filter);
  // Without the bodies; `destination` empty means both.
  Result<std::string> requests(const std::string& destination, int64_t limit);
  // A line for each different span: trace id, span id, how often it came.
  Result<std::string> ids(const std::string& destination);

 private:
  explicit Queries(Database database) : database_(std::move(database)) {}

  Mutex mutex_;
  Database database_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::sandbox
