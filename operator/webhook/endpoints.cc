#include "operator/webhook/endpoints.h"

#include "operator/api/injection_words.h"
#include "operator/plan/layout.h"
#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

std::string base_url(const kube::ObjectKey& export_key, uint16_t port) {
  return "http://" + child_name(export_key.name) + "." + export_key.namespace_name +
         ".svc:" + std::to_string(port);
}

bool is_known(std::string_view protocol) {
  return protocol == kGrpc || protocol == kHttpProtobuf || protocol == kHttpJson;
}

std::string url_for(std::string_view protocol, const kube::ObjectKey& export_key) {
  return protocol == kGrpc ? grpc_url(export_key) : http_traces_url(export_key);
}

Refusal env_from(std::string_view variable) {
  return {SkipReason::kEnvFromNotKnown,
          "its envFrom may bring " + std::string(variable) +
              ", which would be overridden; if it does not, say so by the annotation " +
              std::string(kEnvFromAnnotation) + ": " + std::string(kEnvFromUnrelated)};
}

Refusal already(std::string_view variable) {
  return {SkipReason::kAlreadyConfigured,
          "it sets " + std::string(variable) +
              " itself, so its spans go there; remove that to send them to dualtrace"};
}

Refusal not_known(std::string_view variable) {
  return {SkipReason::kProtocolNotKnown, "what it sets " + std::string(variable) +
                                             " to is not known; write grpc, http/protobuf or "
                                             "http/json as its value, or remove it"};
}

// The user's own word for how traces travel decides, then the pod's for dualtrace, then the user's
// for all signals. An endpoint and a protocol that do not fit each other would lose every span.
OrRefusal<std::string> protocol_for(const ContainerVariables& variables, std::string_view asked) {
  const auto set = [&](std::string_view variable) -> OrRefusal<std::string> {
    const auto literal = variables.literal(variable);
    if (!literal || !is_known(*literal)) return not_known(variable);
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

std::string http_traces_url(const kube::ObjectKey& export_key) {
  return base_url(export_key, kOtlpHttpPort) + "/v1/traces";
}

std::string grpc_url(const kube::ObjectKey& export_key) {
  return base_url(export_key, kOtlpGrpcPort);
}

std::string either_url(const kube::ObjectKey& export_key) {
  return base_url(export_key, kOtlpGrpcPort) + "/v1/traces";
}

// The variable for all signals is left to the user's metrics and logs. Where the user set it, it
// says where the spans go too; to add the one for traces would override that in all but name.
OrRefusal<TracesTarget> traces_target(const ContainerVariables& variables, std::string_view asked,
                                      const kube::ObjectKey& export_key) {
  if (variables.sets(kTracesEndpoint)) {
    const auto endpoint = variables.literal(kTracesEndpoint);
    if (endpoint == http_traces_url(export_key) || endpoint == grpc_url(export_key)) {
      return TracesTarget{};
    }
    return already(kTracesEndpoint);
  }
  if (variables.may_bring(kTracesEndpoint)) return env_from(kTracesEndpoint);
  if (variables.sets(kEveryEndpoint)) return already(kEveryEndpoint);
  if (variables.may_bring(kEveryEndpoint)) return env_from(kEveryEndpoint);
  OrRefusal<std::string> protocol = protocol_for(variables, asked);
  if (auto* refusal = std::get_if<Refusal>(&protocol)) return std::move(*refusal);
  TracesTarget target;
  target.endpoint = url_for(std::get<std::string>(protocol), export_key);
  if (!variables.sets(kTracesProtocol)) target.protocol = std::get<std::string>(protocol);
  return target;
}

}  // namespace dualtrace::ctl
