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

// What a fault says of headers and body, over what the response has already.
void apply_overrides(const Answer& answer, HttpServerResponse& response);

// ExportTraceServiceResponse; without partial success it has no bytes.
[[nodiscard]] std::string success_body(const Answer& answer);

}  // namespace dualtrace::sandbox
