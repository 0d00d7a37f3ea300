// SPDX-License-Identifier: Apache-2.0
#pragma once
// The names by which people know what runs in a pod, where a platform writes them on it: Knative's
// service, Argo's template, Airflow's DAG. A controller's own names change with each release or
// run. Pure.

#include <array>
#include <string>
#include <string_view>

#include "common/json/json.h"

namespace dualtrace::ctl {

struct ServiceLabel {
  std::string_view platform;
  std::string_view label;
  // Another label that must be there for this one to be the platform's; "" for none.
  std::string_view beside = {};
  enum class Names { kWhatPeopleNamed, kOneRun } names = Names::kWhatPeopleNamed;
};

// The first that a pod has is its service's name. docs/injection.md repeats it (tested).
inline constexpr auto kServiceLabels = std::to_array<ServiceLabel>({
    {"KServe", "serving.kserve.io/inferenceservice"},
    {"Knative Serving", "serving.knative.dev/service"},
    {"Knative Serving", "serving.knative.dev/configuration"},
    {"Argo Workflows", "workflows.argoproj.io/cron-workflow"},
    {"Argo Workflows", "workflows.argoproj.io/workflow-template"},
    {"Argo Workflows", "workflows.argoproj.io/cluster-workflow-template"},
    {"Argo Workflows", "workflows.argoproj.io/workflow", "", ServiceLabel::Names::kOneRun},
    {"Spark's operator", "sparkoperator.k8s.io/scheduled-app-name"},
    {"Spark's operator", "sparkoperator.k8s.io/app-name", "", ServiceLabel::Names::kOneRun},
    {"Spark", "spark-app-name", "", ServiceLabel::Names::kOneRun},
    {"Airflow", "dag_id", "task_id"},
    {"KubeRay", "ray.io/originated-from-cr-name", "", ServiceLabel::Names::kOneRun},
    {"KubeRay", "ray.io/cluster", "", ServiceLabel::Names::kOneRun},
    {"Tekton", "tekton.dev/pipeline"},
    {"Tekton", "tekton.dev/task"},
    {"Tekton", "tekton.dev/clusterTask"},
    {"Kubeflow Trainer", "training.kubeflow.org/job-name", "", ServiceLabel::Names::kOneRun},
    {"JobSet", "jobset.sigs.k8s.io/jobset-name", "", ServiceLabel::Names::kOneRun},
    {"LeaderWorkerSet", "leaderworkerset.sigs.k8s.io/name"},
    {"Volcano", "volcano.sh/job-name", "", ServiceLabel::Names::kOneRun},
    {"Seldon Core", "seldon-deployment-id"},
    {"Dagster", "dagster/job"},
    {"Prefect", "prefect.io/deployment-name"},
    {"Prefect", "prefect.io/flow-name"},
    {"Dask", "dask.org/cluster-name"},
    {"Numaflow", "numaflow.numaproj.io/pipeline-name"},
    {"OpenFaaS", "faas_function"},
    {"Nuclio", "nuclio.io/function-name"},
    {"Agones", "agones.dev/fleet"},
    {"GitHub's runners", "actions.github.com/scale-set-name"},
    {"OpenShift", "deploymentconfig"},
});

// Of a run's name, what is there before the end that is another each time; "" when the pod has none
// of the labels.
[[nodiscard]] std::string service_by_label(const Json& pod);

// "etl" of "etl-x7k2p" (what Kubernetes makes up for generateName), of "etl-1732752000" (a
// schedule's time), and of "etl-raycluster-x7k2p".
[[nodiscard]] std::string_view without_run(std::string_view name);

}  // namespace dualtrace::ctl
