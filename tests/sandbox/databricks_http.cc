// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/databricks_http.h"

#include "tests/sandbox/databricks_rules.h"
#include "tests/sandbox/http_responder.h"

namespace dualtrace::sandbox {
namespace {

HttpServerResponse render_refusal(const Answer& answer) {
  return {.status = answer.http_status,
          .content_type = "application/json",
          .body = databricks_error_body(answer)};
}

// A host with a single path, which accepts spans.
void take_spans(Reception& reception, Destination destination, std::string_view path,
                HttpServerRequest request, HttpReplier replier) {
  if (request.path != path)
    return replier.reply(
        render_refusal(refusal("path", 404, kGrpcNotFound,
                               "No API found for '" + request.method + " " + request.path + "'")));
  if (request.method != "POST")
    return replier.reply(
        render_refusal(refusal("method", 405, kGrpcUnimplemented, "the method is not POST")));
  reception.receive({.destination = destination,
                     .protocol = Protocol::kHttp,
                     .headers = std::move(request.headers),
                     .body = std::move(request.body)},
                    make_http_responder(std::move(replier), BodyForm::kProtobuf, render_refusal));
}

}  // namespace

HttpServer::Handler databricks_http_handler(Reception& reception, WorkspaceHttp& workspace) {
  return [&reception, &workspace](HttpServerRequest request, HttpReplier replier) {
    if (WorkspaceHttp::answers(request.path)) return workspace.handle(request, std::move(replier));
    take_spans(reception, Destination::kDatabricks, "/api/2.0/otel/v1/traces", std::move(request),
               std::move(replier));
  };
}

HttpServer::Handler zerobus_http_handler(Reception& reception) {
  return [&reception](HttpServerRequest request, HttpReplier replier) {
    take_spans(reception, Destination::kZerobus, "/v1/traces", std::move(request),
               std::move(replier));
  };
}

}  // namespace dualtrace::sandbox
