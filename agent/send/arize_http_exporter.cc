#include "agent/send/arize_http_exporter.h"

#include "agent/send/classify.h"
#include "agent/send/otlp_http_exporter.h"

namespace dualtrace::agent {

std::unique_ptr<Exporter> make_arize_http_exporter(const ArizeHttpOptions& options,
                                                   Credential& api_key, Credential& space_id,
                                                   std::unique_ptr<HttpSender> client,
                                                   Clock& clock) {
  OtlpHttpProfile profile{
      .path = arize_traces_path(options.endpoint_path),
      .gzip = options.gzip,
      .headers = [&api_key, &space_id]() -> Result<HttpHeaders> {
        const auto key = api_key.value();
        if (!key) return fail(key.error());
        const auto space = space_id.value();
        if (!space) return fail(space.error());
        // No api_key and space_id: some proxies drop headers with an underscore.
        return HttpHeaders{
            {"authorization", *key}, {"arize-space-id", *space}, {"arize-interface", "dualtrace"}};
      },
      .credential_refused =
          [&api_key, &space_id] {
            api_key.invalidate();
            space_id.invalidate();
          },
      .classify =
          [&clock](const HttpResponse& response, uint64_t spans) {
            return classify_arize_http(response, spans, clock.wall());
          },
  };
  return make_otlp_http_exporter(std::move(profile), std::move(client), clock);
}

std::string arize_traces_path(std::string_view endpoint_path) {
  std::string path(endpoint_path);
  if (path.ends_with("/v1/traces")) return path;
  return path + (path.ends_with("/v1") ? "/traces" : "/v1/traces");
}

}  // namespace dualtrace::agent
