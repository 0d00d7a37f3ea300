// SPDX-License-Identifier: Apache-2.0
#include "agent/send/arize_http_exporter.h"

#include "agent/send/classify.h"

namespace dualtrace::agent {

std::unique_ptr<Exporter> make_arize_http_exporter(const ArizeHttpOptions& options, Keyring& keys,
                                                   MakeHttpSender client, Clock& clock) {
  OtlpHttpProfile profile{
      .path = arize_traces_path(options.endpoint_path),
      .compression = options.compression,
      .headers =
          [](const Key& key) {
            // Do not send api_key and space_id: some proxies drop headers with an underscore.
            return HttpHeaders{{"authorization", key.values.at(0)},
                               {"arize-space-id", key.values.at(1)},
                               {"arize-interface", "dualtrace"}};
          },
      .classify =
          [&clock](const HttpResponse& response, uint64_t spans) {
            return classify_arize_http(response, spans, clock.wall());
          },
      .make_client = std::move(client),
  };
  return make_otlp_http_exporter(std::move(profile), keys, clock);
}

std::string arize_traces_path(std::string_view endpoint_path) {
  std::string path(endpoint_path);
  if (path.ends_with("/v1/traces")) return path;
  return path + (path.ends_with("/v1") ? "/traces" : "/v1/traces");
}

}  // namespace dualtrace::agent
