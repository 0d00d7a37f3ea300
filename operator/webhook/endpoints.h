// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where a container sends its spans, and how: the URLs of an export's agents, and the protocol that
// belongs to OTEL_EXPORTER_OTLP_TRACES_ENDPOINT. The endpoint that a container sets itself is never
// changed. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "common/kube/object.h"
#include "operator/webhook/container_variables.h"
#include "operator/webhook/refusal.h"

namespace dualtrace::ctl {

inline constexpr std::string_view kTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
inline constexpr std::string_view kTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
inline constexpr std::string_view kEveryEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
inline constexpr std::string_view kEveryProtocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
// The variables of Arize's and Phoenix's own libraries.
inline constexpr std::string_view kArizeEndpoint = "ARIZE_COLLECTOR_ENDPOINT";
inline constexpr std::string_view kPhoenixEndpoint = "PHOENIX_COLLECTOR_ENDPOINT";
inline constexpr std::string_view kGrpc = "grpc";
inline constexpr std::string_view kHttpProtobuf = "http/protobuf";
inline constexpr std::string_view kHttpJson = "http/json";

// `host`: one of those from agent_names.h.
[[nodiscard]] std::string http_traces_url(std::string_view host);
[[nodiscard]] std::string grpc_url(std::string_view host);
// For libraries whose protocol is chosen in code: agents accept both on that port.
[[nodiscard]] std::string either_url(std::string_view host);

// Whether the URL is one of the agents', by any of their Service's names: an earlier review, or a
// person, may have written a different name from the one that we would.
[[nodiscard]] bool leads_to_agents(std::string_view url, const kube::ObjectKey& export_key);

// The host of such a URL.
[[nodiscard]] std::string host_of(std::string_view agents_url);

struct TracesTarget {  // the variables to add; both are nullopt if the container already points
                       // here
  std::optional<std::string> endpoint;
  std::optional<std::string> protocol;
  bool operator==(const TracesTarget&) const = default;
};

struct AgentsOfPod {
  kube::ObjectKey export_key;
  std::string host;
};
// `asked`: the pod's annotation dualtrace.dev/protocol, "" if it has none.
[[nodiscard]] OrRefusal<TracesTarget> traces_target(const ContainerVariables& variables,
                                                    std::string_view asked,
                                                    const AgentsOfPod& agents);

}  // namespace dualtrace::ctl
