// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/http_responder.h"

#include <google/protobuf/util/json_util.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::sandbox {
namespace {

using ResponseProto = opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;

ResponseProto success_proto(const Answer& answer) {
  ResponseProto response;
  if (answer.rejected_spans > 0 || !answer.message.empty()) {
    response.mutable_partial_success()->set_rejected_spans(
        static_cast<int64_t>(answer.rejected_spans));
    response.mutable_partial_success()->set_error_message(answer.message);
  }
  return response;
}

HttpServerResponse render_success(const Answer& answer, BodyForm form) {
  HttpServerResponse response{.content_type = "application/x-protobuf"};
  if (form == BodyForm::kProtobuf) {
    response.body = success_body(answer);
    return response;
  }
  response.content_type = "application/json";
  const auto printed =
      google::protobuf::util::MessageToJsonString(success_proto(answer), &response.body);
  DT_CHECK(printed.ok());
  return response;
}

class HttpResponder final : public Responder {
 public:
  HttpResponder(HttpReplier replier, BodyForm form, RenderRefusal render_refusal)
      : replier_(std::move(replier)), form_(form), render_refusal_(std::move(render_refusal)) {}

  void answer(const Answer& answer) override {
    HttpServerResponse response =
        answer.accepted() ? render_success(answer, form_) : render_refusal_(answer);
    response.status = answer.http_status;
    apply_overrides(answer, response);
    replier_.reply(std::move(response));
  }

 private:
  HttpReplier replier_;
  const BodyForm form_;
  const RenderRefusal render_refusal_;
};

}  // namespace

std::shared_ptr<Responder> make_http_responder(HttpReplier replier, BodyForm form,
                                               RenderRefusal render_refusal) {
  return std::make_shared<HttpResponder>(std::move(replier), form, std::move(render_refusal));
}

void apply_overrides(const Answer& answer, HttpServerResponse& response) {
  if (answer.retry_after) response.headers.emplace_back("Retry-After", *answer.retry_after);
  if (answer.location) response.headers.emplace_back("Location", *answer.location);
  if (answer.body) response.body = *answer.body;
  if (answer.content_type) response.content_type = *answer.content_type;
  if (response.body.size() < answer.body_bytes) response.body.resize(answer.body_bytes, ' ');
}

std::string success_body(const Answer& answer) { return success_proto(answer).SerializeAsString(); }

}  // namespace dualtrace::sandbox
