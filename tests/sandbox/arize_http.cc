#include "tests/sandbox/arize_http.h"

#include "tests/sandbox/http_responder.h"

namespace dualtrace::sandbox {

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
                      make_http_responder(std::move(replier), form, [](const Answer& answer) {
                        return HttpServerResponse{.body = answer.message};
                      }));
  };
}

}  // namespace dualtrace::sandbox
