// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/webhook/random_pods.h"

#include <array>
#include <span>
#include <string>

namespace dualtrace::ctl {
namespace {

bool one_in(Random& random, uint64_t n) { return random.below(n) == 0; }

std::string_view pick(Random& random, std::span<const std::string_view> from) {
  return from[random.below(from.size())];
}

constexpr auto kNames = std::to_array<std::string_view>({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                                                         "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                                                         "OTEL_EXPORTER_OTLP_ENDPOINT",
                                                         "OTEL_EXPORTER_OTLP_PROTOCOL",
                                                         "OTEL_SERVICE_NAME",
                                                         "OTEL_RESOURCE_ATTRIBUTES",
                                                         "OTEL_RESOURCE_ATTRIBUTES",
                                                         "OTEL_RESOURCE_ATTRIBUTES",
                                                         "ARIZE_COLLECTOR_ENDPOINT",
                                                         "PHOENIX_COLLECTOR_ENDPOINT",
                                                         "PHOENIX_GRPC_PORT",
                                                         "DUALTRACE_POD_NAME",
                                                         "DUALTRACE_POD_UID",
                                                         "PATH",
                                                         "A",
                                                         "B",
                                                         "C",
                                                         "NODE",
                                                         "my.odd-name",
                                                         "HTTP_PROXY",
                                                         "NO_PROXY",
                                                         "JAVA_TOOL_OPTIONS",
                                                         "OTEL_TRACES_EXPORTER"});

constexpr auto kTexts = std::to_array<std::string_view>(
    {"",
     "1",
     "grpc",
     "http/protobuf",
     "http://collector:4318",
     "http://agents-dualtrace.observability.svc.cluster.local:4318/v1/traces",
     "a=1",
     "a=1,b=2,c=$(NODE)",
     "service.name=mine,k8s.pod.name=x",
     "k8s.pod.uid=$(A)",
     "$(B)",
     "broken",
     "x=100%",
     "x=%2C%3D",
     "price=$$(A),y=z",
     "Zo\xc3\xab=\xe2\x82\xac",
     " spaced = out ",
     "$(",
     "$$",
     "a=b=c"});

constexpr auto kFields = std::to_array<std::string_view>(
    {"metadata.name", "metadata.uid", "spec.nodeName", "status.podIPs", "metadata.labels['x']"});

constexpr auto kAnnotations = std::to_array<std::string_view>(
    {"resource.opentelemetry.io/service.name", "resource.opentelemetry.io/service.version",
     "resource.opentelemetry.io/k8s.pod.name", "resource.opentelemetry.io/odd_Key-1",
     "example.com/note", "dualtrace.dev/protocol", "dualtrace.dev/env-from",
     "dualtrace.dev/containers", "dualtrace.dev/skipped", "dualtrace.dev/warned",
     "dualtrace.dev/injected", "sidecar.istio.io/status"});

constexpr auto kValues = std::to_array<std::string_view>(
    {"", "blue", "a,b;c=d \"e\" 100%", "$(HOME)", "$$", "\xe2\x98\x83 snow\n", "grpc", "unrelated",
     "c0", "c0,c1", "e1", "\\", "it's $5", "observability/agents", R"({"containers":["c1"]})",
     "BehindProxy: container c0"});

constexpr auto kOwners =
    std::to_array<std::string_view>({"ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Workflow"});

Json random_variable(Random& random) {
  Json entry = {{"name", pick(random, kNames)}};
  if (one_in(random, 4)) {
    entry["valueFrom"]["fieldRef"] = {{"apiVersion", "v1"}, {"fieldPath", pick(random, kFields)}};
  } else if (one_in(random, 6)) {
    entry["valueFrom"]["secretKeyRef"] = {{"name", "s"}, {"key", "k"}};
  } else if (!one_in(random, 8)) {
    entry["value"] = pick(random, kTexts);
  }
  return entry;
}

Json random_container(Random& random, const std::string& name) {
  Json container = {{"name", name}, {"image", "x"}, {"resources", Json::object()}};
  if (one_in(random, 5)) {
    container["env"] = one_in(random, 2) ? Json(nullptr) : Json::array();
  } else {
    for (uint64_t i = random.below(7); i > 0; --i)
      container["env"].push_back(random_variable(random));
  }
  if (one_in(random, 6)) {
    constexpr auto kPrefixes = std::to_array<std::string_view>(
        {"", "APP_", "OTEL_", "OTEL_RES", "DUALTRACE_", "PHOENIX_"});
    container["envFrom"].push_back(
        {{"prefix", pick(random, kPrefixes)}, {"secretRef", {{"name", "x"}}}});
  }
  return container;
}

Json random_metadata(Random& random) {
  Json metadata = {{"annotations", {{"dualtrace.dev/inject", "true"}}}};
  if (one_in(random, 10)) metadata["annotations"] = nullptr;
  if (metadata["annotations"].is_object()) {
    for (uint64_t i = random.below(4); i > 0; --i) {
      metadata["annotations"][std::string(pick(random, kAnnotations))] = pick(random, kValues);
    }
  }
  metadata[one_in(random, 2) ? "name" : "generateName"] = "web-5d9c7f-x";
  if (one_in(random, 2)) metadata["labels"] = {{"pod-template-hash", "5d9c7f"}, {"x", "a,b"}};
  if (one_in(random, 4)) metadata["labels"]["app.kubernetes.io/name"] = "shop_1.x";
  if (one_in(random, 10)) metadata["labels"]["serving.knative.dev/service"] = "hello";
  if (one_in(random, 10)) metadata["labels"]["ray.io/cluster"] = "llm-x7k2p";
  if (one_in(random, 2)) {
    metadata["ownerReferences"].push_back(
        {{"kind", pick(random, kOwners)},
         {"name", one_in(random, 2) ? "web-5d9c7f" : "web-29412345"},
         {"controller", true}});
  }
  return metadata;
}

}  // namespace

Json random_pod(Random& random) {
  Json pod = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", random_metadata(random)}};
  Json& spec = pod["spec"];
  for (uint64_t i = 0; i <= random.below(3); ++i) {
    spec["containers"].push_back(random_container(random, "c" + std::to_string(i)));
  }
  for (uint64_t i = random.below(3); i > 0; --i) {
    spec["initContainers"].push_back(random_container(random, "i" + std::to_string(i)));
    if (one_in(random, 2)) spec["initContainers"].back()["restartPolicy"] = "Always";
  }
  for (uint64_t i = one_in(random, 3) ? 1 + random.below(2) : 0; i > 0; --i) {
    spec["ephemeralContainers"].push_back(random_container(random, "e" + std::to_string(i)));
    spec["ephemeralContainers"].back()["targetContainerName"] = "c0";
  }
  if (one_in(random, 8)) spec["hostNetwork"] = one_in(random, 2);
  if (one_in(random, 8))
    spec["dnsPolicy"] = one_in(random, 2) ? "Default" : "ClusterFirstWithHostNet";
  if (one_in(random, 12)) spec["os"]["name"] = one_in(random, 2) ? "windows" : "linux";
  if (one_in(random, 8)) {
    spec["containers"].push_back(random_container(random, "istio-proxy"));
    if (one_in(random, 2)) spec["tolerations"] = Json::array({{{"key", "azure.com/aci"}}});
  }
  if (one_in(random, 8)) {
    spec["dnsConfig"]["options"] =
        Json::array({{{"name", "ndots"}, {"value", one_in(random, 2) ? "2" : "4"}}});
  }
  if (one_in(random, 16)) spec["nodeSelector"]["type"] = "virtual-kubelet";
  spec["volumes"] = Json::array({{{"name", "v"}, {"emptyDir", Json::object()}}});
  return pod;
}

}  // namespace dualtrace::ctl
