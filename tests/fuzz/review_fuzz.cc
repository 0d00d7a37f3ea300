// Whatever is sent to the webhook's port, there is a request that can be answered or a fault that
// can be told.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/error/check.h"
#include "operator/webhook/admission_review.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dualtrace;
  const auto request = ctl::parse_review({reinterpret_cast<const char*>(data), size});
  if (!request) {
    DT_CHECK(!request.error().message.empty());
    return 0;
  }
  DT_CHECK(!request->uid.empty());
  const Json copy = request->object;
  const auto answer = parse_json(ctl::render_answer(
      request->uid, {.patch = Json::array({copy}), .warnings = {request->key.name}}));
  DT_CHECK(answer && text_at(*answer, {"response", "uid"}) == request->uid);
  return 0;
}
