// SPDX-License-Identifier: Apache-2.0
#include "agent/send/databricks_http_exporter.h"

#include "agent/send/classify.h"

namespace dualtrace::agent {
namespace {

// Only the path and the header that names the table differ.
std::unique_ptr<Exporter> make_exporter(std::string path, std::string table_header,
                                        DatabricksHttpOptions options, Keyring& token,
                                        MakeHttpSender client, Clock& clock) {
  OtlpHttpProfile profile{
      .path = std::move(path),
      .compression = options.compression,
      .headers =
          [header = std::move(table_header), table = std::move(options.table)](const Key& key) {
            return HttpHeaders{{"Authorization", "Bearer " + key.values.front()}, {header, table}};
          },
      .classify =
          [&clock](const HttpResponse& response, uint64_t spans) {
            return classify_databricks_http(response, spans, clock.wall());
          },
      .make_client = std::move(client),
  };
  return make_otlp_http_exporter(std::move(profile), token, clock);
}

}  // namespace

std::unique_ptr<Exporter> make_databricks_http_exporter(DatabricksHttpOptions options,
                                                        Keyring& token, MakeHttpSender client,
                                                        Clock& clock) {
  return make_exporter("/api/2.0/otel/v1/traces", "X-Databricks-UC-Table-Name", std::move(options),
                       token, std::move(client), clock);
}

std::unique_ptr<Exporter> make_zerobus_http_exporter(DatabricksHttpOptions options, Keyring& token,
                                                     MakeHttpSender client, Clock& clock) {
  return make_exporter("/v1/traces", "x-databricks-zerobus-table-name", std::move(options), token,
                       std::move(client), clock);
}

}  // namespace dualtrace::agent
