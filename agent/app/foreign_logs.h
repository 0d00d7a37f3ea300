// SPDX-License-Identifier: Apache-2.0
#pragma once
// Foreign logs: gRPC and protobuf write to stderr on their own; here their lines become lines of
// our log, so that all of it is JSON. Thread-safe.

namespace dualtrace::agent {

// For the whole process; called once, before either library is used.
void adopt_foreign_logs();

}  // namespace dualtrace::agent
