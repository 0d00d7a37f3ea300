// SPDX-License-Identifier: Apache-2.0
#pragma once
// Foreign logs: redirects what gRPC and protobuf write to stderr into our log, so that all of it is
// JSON. Thread-safe.

namespace dualtrace::agent {

// Applies to the whole process. Call it once, before either library is used.
void adopt_foreign_logs();

}  // namespace dualtrace::agent
