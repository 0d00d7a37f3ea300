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

}  // namespace

HttpServer::Handler databricks_http_handler(Reception& reception) {
  return [&reception](HttpServerRequest request, HttpReplier replier) {
    if (request.path != "/api/2.0/otel/v1/traces")
      return replier.reply(render_refusal(
          refusal("path", 404, kGrpcNotFound,
                  "No API found for '" + request.method + " " + request.path + "'")));
    if (request.method != "POST")
      return replier.reply(
          render_refusal(refusal("method", 405, kGrpcUnimplemented, "the method is not POST")));
    reception.receive({.destination = Destination::kDatabricks,
                       .protocol = Protocol::kHttp,
                       .headers = std::move(request.headers),
                       .body = std::move(request.body)},
                      make_http_responder(std::move(replier), BodyForm::kProtobuf, render_refusal));
  };
}

}  // namespace dualtrace::sandbox
