// SPDX-License-Identifier: Apache-2.0
#pragma once
// Arize's OTLP/HTTP endpoint: POST /v1/traces.
// Thread-safe.

#include "common/net/http_server.h"
#include "tests/sandbox/reception.h"

namespace dualtrace::sandbox {

// `reception` must outlive the server that uses the handler.
[[nodiscard]] HttpServer::Handler arize_http_handler(Reception& reception);

}  // namespace dualtrace::sandbox
