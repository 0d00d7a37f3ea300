// SPDX-License-Identifier: Apache-2.0
#include "agent/app/foreign_logs.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include "common/log/log.h"
#include "common/time/clock.h"

namespace dualtrace::agent {
namespace {

// A peer can cause a log line with each of its requests.
LogLimiter grpc_limiter(std::chrono::seconds(10));
LogLimiter protobuf_limiter(std::chrono::seconds(10));

bool may_log(LogLimiter& limiter) { return limiter.allow(SystemClock().tick()).has_value(); }

// Both libraries log a misbehaving peer as an error. The lane already reports that itself.
void log_grpc(gpr_log_func_args* line) {
  if (line->severity == GPR_LOG_SEVERITY_ERROR) {
    if (may_log(grpc_limiter)) log_warn("gRPC reports a problem", {{"detail", line->message}});
  } else {
    log_debug("gRPC message", {{"detail", line->message}});
  }
}

void log_protobuf(google::protobuf::LogLevel level, const char* /*file*/, int /*line*/,
                  const std::string& text) {
  if (level >= google::protobuf::LOGLEVEL_WARNING) {
    if (may_log(protobuf_limiter)) log_warn("protobuf reports a problem", {{"detail", text}});
  } else {
    log_debug("protobuf message", {{"detail", text}});
  }
}

}  // namespace

void adopt_foreign_logs() {
  gpr_set_log_function(log_grpc);
  google::protobuf::SetLogHandler(log_protobuf);
}

}  // namespace dualtrace::agent
