// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpResponder: a Responder over HttpServer, and the format of OTLP's success responses. Each
// destination defines its own format for rejections. Used once, from any thread.

#include <functional>
#include <memory>
#include <string>

#include "common/net/http_server.h"
#include "tests/sandbox/answer.h"
#include "tests/sandbox/body.h"

namespace dualtrace::sandbox {

using RenderRefusal = std::function<HttpServerResponse(const Answer&)>;

std::shared_ptr<Responder> make_http_responder(HttpReplier replier, BodyForm form,
                                               RenderRefusal render_refusal);

// Applies the fault's headers and body to the response.
void apply_overrides(const Answer& answer, HttpServerResponse& response);

// ExportTraceServiceResponse; it is empty without partial success.
[[nodiscard]] std::string success_body(const Answer& answer);

}  // namespace dualtrace::sandbox
