#include "operator/plan/child.h"
#include "operator/plan/layout.h"
#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

// The protocol is written although it is the default: it is part of the key by which the API server
// merges the list.
Json port(std::string_view name, uint16_t number, std::string_view application_protocol) {
  return {{"name", name},
          {"port", number},
          {"protocol", "TCP"},
          {"targetPort", name},
          {"appProtocol", application_protocol}};
}

}  // namespace

// Leads applications to the agent on their own node, and to no other.
Json service(const DualTraceExport& wanted) {
  Json object = child(wanted, kube::kServices);
  object["spec"] = {
      {"type", "ClusterIP"},
      {"internalTrafficPolicy", "Local"},
      {"ipFamilyPolicy", "PreferDualStack"},
      {"selector", pod_selector_labels(wanted.key.name)},
      {"ports", Json::array({port(kOtlpGrpcPortName, kOtlpGrpcPort, "kubernetes.io/h2c"),
                             port(kOtlpHttpPortName, kOtlpHttpPort, "http")})}};
  return object;
}

}  // namespace dualtrace::ctl
