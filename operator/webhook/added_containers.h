// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which containers of a pod its author did not write: sidecars that other webhooks add, and what
// controllers put beside the containers that they were given. They are known by what those who add
// them write on the pod, and by their names, where that name is nobody else's. Pure.

#include <array>
#include <set>
#include <string>
#include <string_view>

#include "common/json/json.h"

namespace dualtrace::ctl {

struct AddedContainer {
  std::string_view by;
  std::string_view name;  // ends with "*" where it is only the beginning
  // A label or annotation of the pod (its beginning, where it ends with "*"), without which the
  // name may be anybody's; "" where the name is enough.
  std::string_view mark;
};

// docs/injection.md repeats it (tested).
inline constexpr auto kAddedContainers = std::to_array<AddedContainer>({
    {"Istio", "istio-proxy", ""},
    {"Linkerd", "linkerd-proxy", ""},
    {"Linkerd", "linkerd-debug", ""},
    {"Consul", "consul-dataplane*", ""},
    {"Consul", "envoy-sidecar", "consul.hashicorp.com/*"},
    {"Kuma, Kong Mesh", "kuma-sidecar", ""},
    {"AWS App Mesh", "envoy", "appmesh.k8s.aws/*"},
    {"AWS App Mesh", "xray-daemon", "appmesh.k8s.aws/*"},
    {"Open Service Mesh", "envoy", "osm-proxy-uuid"},
    {"NGINX Service Mesh", "nginx-mesh-sidecar", ""},
    {"Dapr", "daprd", ""},
    {"Vault", "vault-agent", "vault.hashicorp.com/*"},
    {"OpenTelemetry's operator", "otc-container", ""},
    {"Jaeger's operator", "jaeger-agent", "sidecar.jaegertracing.io/*"},
    {"Datadog", "datadog-agent-injected", ""},
    {"Cloud SQL Proxy", "csql-*", "cloudsql.cloud.google.com/*"},
    {"GKE, Cloud Storage", "gke-gcsfuse-sidecar", ""},
    {"GKE, Cloud Storage", "gke-gcsfuse-metadata-prefetch", ""},
    {"Azure Workload Identity", "azwi-proxy", ""},
    {"Telepresence", "traffic-agent", ""},
    {"Knative Serving", "queue-proxy", "serving.knative.dev/*"},
    {"KServe", "agent", "serving.kserve.io/*"},
    {"Argo Workflows", "wait", "workflows.argoproj.io/*"},
    {"Tekton", "sidecar-tekton-log-results", "tekton.dev/*"},
    {"KubeRay", "autoscaler", "ray.io/cluster"},
    {"Airflow", "airflow-xcom-sidecar", ""},
    {"Agones", "agones-gameserver-sidecar", ""},
});

// The names of its containers that are others'. Empty where all are: then its author wrote them, as
// in the pod of a mesh's gateway.
[[nodiscard]] std::set<std::string, std::less<>> added_containers(const Json& pod);

}  // namespace dualtrace::ctl
