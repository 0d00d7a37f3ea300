// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/endpoints.h"

#include <algorithm>

#include "operator/api/injection_words.h"
#include "operator/plan/layout.h"
#include "operator/webhook/agent_names.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::string_view kTracesPath = "/v1/traces";

std::string base_url(std::string_view host, uint16_t port) {
  return std::string(kScheme).append(host) + ":" + std::to_string(port);
}

bool is_known(std::string_view protocol) {
  return protocol == kGrpc || protocol == kHttpProtobuf || protocol == kHttpJson;
}

std::string url_for(std::string_view protocol, std::string_view host) {
  return protocol == kGrpc ? grpc_url(host) : http_traces_url(host);
}

Refusal env_from(std::string_view variable) {
  return {SkipReason::kEnvFromNotKnown,
          "its envFrom may set " + std::string(variable) +
              ", which injection would override; if it does not, set the annotation " +
              std::string(kEnvFromAnnotation) + ": " + std::string(kEnvFromUnrelated)};
}

// SDKs treat an empty value as unset: spans then go to the container's own localhost, or nowhere.
Refusal empty(const std::string& set, std::string_view advice) {
  return {SkipReason::kEndpointEmpty,
          "it sets " + set + " itself, but to an empty value, which SDKs treat as unset; " +
              std::string(advice)};
}

Refusal endpoint_not_known(std::string_view variable) {
  return {SkipReason::kEndpointNotKnown,
          "it sets " + std::string(variable) +
              " from a source that the webhook does not read, so it is unknown where its spans go; "
              "remove the variable to send them to dualtrace"};
}

// For a variable that the container sets itself, and that is kept.
Refusal already(const ContainerVariables& variables, std::string_view variable) {
  using State = ContainerVariables::State;
  const State state = variables.state(variable);
  if (state == State::kEmpty)
    return empty(std::string(variable),
                 "remove the variable to send its spans to dualtrace, or give it a value");
  if (state == State::kNotKnown) return endpoint_not_known(variable);
  return {SkipReason::kAlreadyConfigured,
          "it sets " + std::string(variable) +
              " itself, so its spans go there; remove it to send them to dualtrace"};
}

// The variable for all signals is left for the user's metrics and logs. If the user set it, it also
// determines where the spans go: adding the variable for traces would in effect override it. The
// same holds if the variable for traces is there, but empty: SDKs then read the other one.
std::optional<Refusal> endpoint_of_its_own(const ContainerVariables& variables) {
  using State = ContainerVariables::State;
  const State for_traces = variables.state(kTracesEndpoint);
  const bool is_empty = for_traces == State::kEmpty;
  if (for_traces == State::kNotSet && variables.may_bring(kTracesEndpoint)) {
    return env_from(kTracesEndpoint);
  }
  if (for_traces != State::kNotSet && !is_empty) return already(variables, kTracesEndpoint);
  if (is_empty && variables.state(kEveryEndpoint) == State::kEmpty) {
    return empty(std::string(kTracesEndpoint).append(" and ").append(kEveryEndpoint),
                 "remove both to send its spans to dualtrace, or give one a value");
  }
  if (variables.sets(kEveryEndpoint)) return already(variables, kEveryEndpoint);
  if (variables.may_bring(kEveryEndpoint)) return env_from(kEveryEndpoint);
  return is_empty ? std::optional(already(variables, kTracesEndpoint)) : std::nullopt;
}

Refusal not_known(const ContainerVariables& variables, std::string_view variable) {
  const bool is_empty = variables.state(variable) == ContainerVariables::State::kEmpty;
  return {SkipReason::kProtocolNotKnown,
          (is_empty ? std::string(variable) + " is set, but empty, which SDKs interpret differently"
                    : "its value of " + std::string(variable) + " is not known") +
              "; write grpc, http/protobuf or http/json as its value, or remove it"};
}

// The container's own protocol for traces decides, then the pod's annotation for dualtrace, then
// the container's protocol for all signals. If endpoint and protocol did not match, every span
// would be lost.
OrRefusal<std::string> protocol_for(const ContainerVariables& variables, std::string_view asked) {
  const auto set = [&](std::string_view variable) -> OrRefusal<std::string> {
    const auto literal = variables.literal(variable);
    if (!literal || !is_known(*literal)) return not_known(variables, variable);
    return std::string(*literal);
  };
  if (variables.sets(kTracesProtocol)) return set(kTracesProtocol);
  if (variables.may_bring(kTracesProtocol)) return env_from(kTracesProtocol);
  if (!asked.empty()) return std::string(asked);
  if (variables.sets(kEveryProtocol)) return set(kEveryProtocol);
  if (variables.may_bring(kEveryProtocol)) return env_from(kEveryProtocol);
  return std::string(kHttpProtobuf);
}

}  // namespace

std::string http_traces_url(std::string_view host) {
  return base_url(host, kOtlpHttpPort).append(kTracesPath);
}

std::string grpc_url(std::string_view host) { return base_url(host, kOtlpGrpcPort); }

std::string either_url(std::string_view host) { return grpc_url(host).append(kTracesPath); }

// The Service's name is followed by nothing, or by a dot and the rest of a full name.
bool leads_to_agents(std::string_view url, const kube::ObjectKey& export_key) {
  const std::string begin = std::string(kScheme) + service_host(export_key);
  if (!url.starts_with(begin)) return false;
  url.remove_prefix(begin.size());
  const std::string_view domain = url.substr(0, url.find(':'));
  constexpr std::string_view kOfDomains = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  if (!domain.empty() &&
      (domain.front() != '.' || domain.find_first_not_of(kOfDomains) != std::string_view::npos)) {
    return false;
  }
  const std::string host = service_host(export_key).append(domain);
  url.remove_prefix(domain.size());
  const std::string whole = std::string(kScheme) + host + std::string(url);
  return whole == http_traces_url(host) || whole == grpc_url(host) || whole == either_url(host);
}

std::string host_of(std::string_view agents_url) {
  agents_url.remove_prefix(kScheme.size());
  return std::string(agents_url.substr(0, agents_url.find(':')));
}

OrRefusal<TracesTarget> traces_target(const ContainerVariables& variables, std::string_view asked,
                                      const AgentsOfPod& agents) {
  const auto own = variables.literal(kTracesEndpoint);
  if (own && leads_to_agents(*own, agents.export_key)) return TracesTarget{};
  if (auto refusal = endpoint_of_its_own(variables)) return *std::move(refusal);
  OrRefusal<std::string> protocol = protocol_for(variables, asked);
  if (auto* refusal = std::get_if<Refusal>(&protocol)) return std::move(*refusal);
  TracesTarget target;
  target.endpoint = url_for(std::get<std::string>(protocol), agents.host);
  if (!variables.sets(kTracesProtocol)) target.protocol = std::get<std::string>(protocol);
  return target;
}

}  // namespace dualtrace::ctl
