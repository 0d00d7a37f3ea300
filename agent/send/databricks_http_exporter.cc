#include "agent/send/databricks_http_exporter.h"

#include "agent/send/classify.h"
#include "agent/send/otlp_http_exporter.h"

namespace dualtrace::agent {

std::unique_ptr<Exporter> make_databricks_http_exporter(DatabricksHttpOptions options,
                                                        Credential& token,
                                                        std::unique_ptr<HttpSender> client,
                                                        Clock& clock) {
  OtlpHttpProfile profile{
      .path = "/api/2.0/otel/v1/traces",
      .gzip = options.gzip,
      .headers = [table = std::move(options.table), &token]() -> Result<HttpHeaders> {
        const auto value = token.value();
        if (!value) return fail(value.error());
        return HttpHeaders{{"Authorization", "Bearer " + *value},
                           {"X-Databricks-UC-Table-Name", table}};
      },
      .credential_refused = [&token] { token.invalidate(); },
      .classify =
          [&clock](const HttpResponse& response, uint64_t spans) {
            return classify_databricks_http(response, spans, clock.wall());
          },
  };
  return make_otlp_http_exporter(std::move(profile), std::move(client), clock);
}

}  // namespace dualtrace::agent
