// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which containers of a pod were not written by its author: sidecars that other webhooks add, and
// containers that controllers add to a pod template. They are recognized by labels and annotations
// that the adding program writes on the pod, and by names that nothing else uses. Pure.

#include <array>
#include <set>
#include <string>
#include <string_view>

#include "common/json/json.h"

namespace dualtrace::ctl {

struct AddedContainer {
  std::string_view by;
  std::string_view name;  // ends with "*" if it is only a prefix
  // A label or annotation of the pod (a prefix if it ends with "*") that must be present, because
  // others may use the name, too; "" if the name is enough.
  std::string_view mark;
};

// docs/injection.md repeats this list (tested).
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

// The names of the containers that others added. Empty if that would be all containers: then the
// author wrote them, as in the pod of a mesh's gateway.
[[nodiscard]] std::set<std::string, std::less<>> added_containers(const Json& pod);

}  // namespace dualtrace::ctl
