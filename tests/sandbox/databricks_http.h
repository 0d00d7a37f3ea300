#pragma once
// The workspace's OTLP/HTTP endpoint of Databricks: POST /api/2.0/otel/v1/traces.
// Thread-safe.

#include "common/net/http_server.h"
#include "tests/sandbox/reception.h"

namespace dualtrace::sandbox {

// `reception` outlives the server that the handler is given to.
[[nodiscard]] HttpServer::Handler databricks_http_handler(Reception& reception);

}  // namespace dualtrace::sandbox
