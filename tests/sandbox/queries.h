// SPDX-License-Identifier: Apache-2.0
#pragma once
// Queries: reads spans.db for the admin calls, on a separate connection from the writer's.
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
  // Storage must have created the file.
  static Result<std::unique_ptr<Queries>> open(const std::string& path);

  // JSON arrays with an object per row and a member per column, in the order of arrival.
  Result<std::string> spans(const SpanFilter& filter);
  // Without the bodies; an empty `destination` means all.
  Result<std::string> requests(const std::string& destination, int64_t limit);
  // A line per distinct span: trace id, span id, count.
  Result<std::string> ids(const std::string& destination);

 private:
  explicit Queries(Database database) : database_(std::move(database)) {}

  Mutex mutex_;
  Database database_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::sandbox
