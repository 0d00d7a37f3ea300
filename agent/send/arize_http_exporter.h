// SPDX-License-Identifier: Apache-2.0
#pragma once
// ArizeHttpExporter: sends spans to Arize over OTLP/HTTP, for networks that block gRPC.
// OtlpHttpExporter does the work.
// Used from one thread; see Exporter.

#include <memory>
#include <string>
#include <string_view>

#include "agent/credential/keyring.h"
#include "agent/send/exporter.h"
#include "agent/send/otlp_http_exporter.h"
#include "common/config/agent_config.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct ArizeHttpOptions {
  std::string endpoint_path;  // path of the configured endpoint: "", "/v1" or "/v1/traces"
  Compression compression{};
};

// A key is the API key and the space id. `client` calls the endpoint's origin. `keys` and `clock`
// outlive the exporter.
std::unique_ptr<Exporter> make_arize_http_exporter(const ArizeHttpOptions& options, Keyring& keys,
                                                   MakeHttpSender client, Clock& clock);

// The path that spans are posted to. It ends in "/v1/traces".
[[nodiscard]] std::string arize_traces_path(std::string_view endpoint_path);

}  // namespace dualtrace::agent
