// SPDX-License-Identifier: Apache-2.0
#pragma once
// ArizeGrpcExporter: sends spans to Arize over OTLP/gRPC with grpc++'s generic stub. The serialized
// bytes are sent as they are, or compressed by our own gzip. One channel, one thread that waits for
// answers; both exist only while there is something to send, because gRPC's threads wake up several
// times a second as long as any gRPC object exists. Used from one thread; see Exporter.

#include <memory>
#include <optional>

#include "agent/credential/keyring.h"
#include "agent/send/exporter.h"
#include "common/config/agent_config.h"
#include "common/net/http_proxy.h"
#include "common/net/tls.h"
#include "common/net/url.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct ArizeGrpcOptions {
  Url endpoint{};  // http: without TLS; the path is ignored, since gRPC has none
  TlsClientOptions tls{};
  Compression compression{};
  std::optional<HttpProxy> proxy{};
  Duration idle_close = std::chrono::seconds(30);  // without a request
};

// A key is the API key and the space id. `keys` outlives the exporter.
std::unique_ptr<Exporter> make_arize_grpc_exporter(ArizeGrpcOptions options, Keyring& keys);

}  // namespace dualtrace::agent
