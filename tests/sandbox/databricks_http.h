// SPDX-License-Identifier: Apache-2.0
#pragma once
// The HTTP endpoints of Databricks: those of a workspace (POST /api/2.0/otel/v1/traces, tokens,
// discovery), and Zerobus (POST /v1/traces), which is a separate host.
// Thread-safe.

#include "common/net/http_server.h"
#include "tests/sandbox/reception.h"
#include "tests/sandbox/workspace_http.h"

namespace dualtrace::sandbox {

// The parameters must outlive the server that uses the handler.
[[nodiscard]] HttpServer::Handler databricks_http_handler(Reception& reception,
                                                          WorkspaceHttp& workspace);
[[nodiscard]] HttpServer::Handler zerobus_http_handler(Reception& reception);

}  // namespace dualtrace::sandbox
