// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/arize_http.h"

#include <google/protobuf/util/json_util.h>

#include "common/error/check.h"
#include "google/rpc/status.pb.h"
#include "tests/sandbox/http_responder.h"

namespace dualtrace::sandbox {
namespace {

// As OTLP requires: a google.rpc.Status, in the format of the request.
HttpServerResponse render_refusal(const Answer& answer, BodyForm form) {
  google::rpc::Status status;
  status.set_code(answer.grpc_code);
  status.set_message(answer.message);
  if (form == BodyForm::kProtobuf) {
    return {.content_type = "application/x-protobuf", .body = status.SerializeAsString()};
  }
  HttpServerResponse response{.content_type = "application/json"};
  const auto printed = google::protobuf::util::MessageToJsonString(status, &response.body);
  DT_CHECK(printed.ok());
  return response;
}

}  // namespace

HttpServer::Handler arize_http_handler(Reception& reception) {
  return [&reception](HttpServerRequest request, HttpReplier replier) {
    if (request.path != "/v1/traces")
      return replier.reply({.status = 404, .body = "404 page not found\n"});
    if (request.method != "POST")
      return replier.reply({.status = 405, .headers = {{"Allow", "POST"}}});
    Arrival arrival{.destination = Destination::kArize,
                    .protocol = Protocol::kHttp,
                    .headers = std::move(request.headers),
                    .body = std::move(request.body)};
    const BodyForm form = form_of(arrival);
    reception.receive(std::move(arrival),
                      make_http_responder(std::move(replier), form, [form](const Answer& answer) {
                        return render_refusal(answer, form);
                      }));
  };
}

}  // namespace dualtrace::sandbox
