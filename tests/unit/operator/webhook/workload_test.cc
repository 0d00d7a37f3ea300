// SPDX-License-Identifier: Apache-2.0
// https://opentelemetry.io/docs/specs/semconv/non-normative/k8s-attributes/

#include "operator/webhook/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Json owned_by(const std::string& kind, const std::string& name, const std::string& hash = "") {
  Json pod = pod_with();
  pod["metadata"]["ownerReferences"] =
      Json::array({{{"kind", "Tenant"}, {"name", "x"}},
                   {{"kind", kind}, {"name", name}, {"controller", true}}});
  if (!hash.empty()) pod["metadata"]["labels"]["pod-template-hash"] = hash;
  return pod;
}

TEST(Workload, IsTheDeploymentOfAReplicaSetWithThePodsHash) {
  const Workload workload = workload_of(owned_by("ReplicaSet", "web-5d9c7f", "5d9c7f"));
  EXPECT_THAT(workload.attributes, ElementsAre(Pair("k8s.deployment.name", "web"),
                                               Pair("k8s.replicaset.name", "web-5d9c7f")));
  EXPECT_EQ(workload.name, "web");
}

TEST(Workload, IsTheReplicaSetThatIsNobodys) {
  for (const Json& pod :
       {owned_by("ReplicaSet", "web-5d9c7f"), owned_by("ReplicaSet", "web-5d9c7f", "9c7f"),
        owned_by("ReplicaSet", "web-5d9c7f", "abc")}) {
    EXPECT_THAT(workload_of(pod).attributes,
                ElementsAre(Pair("k8s.replicaset.name", "web-5d9c7f")));
    EXPECT_EQ(workload_of(pod).name, "web-5d9c7f");
  }
}

TEST(Workload, IsTheRolloutOfAReplicaSetWithArgosHash) {
  Json pod = owned_by("ReplicaSet", "checkout-7d9f8c6b54");
  pod["metadata"]["labels"]["rollouts-pod-template-hash"] = "7d9f8c6b54";
  EXPECT_THAT(workload_of(pod).attributes,
              ElementsAre(Pair("k8s.replicaset.name", "checkout-7d9f8c6b54")))
      << "a Rollout is not a Deployment";
  EXPECT_EQ(service_name(pod, "app"), "checkout");
}

TEST(Workload, IsTheDeploymentThatOwnsItsPodsItself) {  // Flink's task managers
  EXPECT_EQ(workload_of(owned_by("Deployment", "flink")).name, "flink");
}

TEST(Workload, IsCalledLikeAnOwnerOfSomebodysOwnKind) {
  EXPECT_EQ(workload_of(owned_by("CloneSet", "web")).name, "web");
  EXPECT_EQ(workload_of(owned_by("Workflow", "etl-x7k2p")).name, "etl");
  EXPECT_EQ(workload_of(owned_by("SparkApplication", "etl-1732752000000000000")).name, "etl");
  EXPECT_EQ(workload_of(owned_by("ReplicationController", "web-3")).name, "web-3");
}

TEST(Workload, IsTheStatefulSetOrDaemonSet) {
  EXPECT_THAT(workload_of(owned_by("StatefulSet", "db")).attributes,
              ElementsAre(Pair("k8s.statefulset.name", "db")));
  EXPECT_THAT(workload_of(owned_by("DaemonSet", "logs")).attributes,
              ElementsAre(Pair("k8s.daemonset.name", "logs")));
}

TEST(Workload, IsTheCronJobOfAJobThatIsNamedByAMinute) {
  const Workload workload = workload_of(owned_by("Job", "import-29412345"));
  EXPECT_THAT(workload.attributes, ElementsAre(Pair("k8s.cronjob.name", "import"),
                                               Pair("k8s.job.name", "import-29412345")));
  EXPECT_EQ(workload.name, "import");
}

TEST(Workload, IsTheJobThatAPersonNamedByADay) {
  for (const char* name :
       {"import", "import-20260131", "import-1", "29412345", "import-2941234x"}) {
    EXPECT_THAT(workload_of(owned_by("Job", name)).attributes,
                ElementsAre(Pair("k8s.job.name", name)));
  }
}

// The Job of `generateName: etl-` has another name each time, and its pods do not tell how it got
// it.
TEST(Workload, IsCalledLikeAllRunsOfAJobThatIsNamedByKubernetes) {
  const Workload workload = workload_of(owned_by("Job", "etl-x7k2p"));
  EXPECT_THAT(workload.attributes, ElementsAre(Pair("k8s.job.name", "etl-x7k2p")));
  EXPECT_EQ(workload.name, "etl");
}

TEST(Workload, IsCalledLikeAJobThatAPersonNamed) {
  for (const char* name :
       {"train-model", "migrate-pgsql", "migrate-mssql", "bench-tpcds", "check-https",
        "import-20260131", "sync-123456789012", "batch-24567", "import", "import-1", "etl-daily"}) {
    EXPECT_EQ(workload_of(owned_by("Job", name)).name, name);
  }
}

TEST(Workload, IsNothingWithoutAKnownController) {
  EXPECT_THAT(workload_of(pod_with()).attributes, IsEmpty());
  EXPECT_THAT(workload_of(owned_by("Workflow", "train")).attributes, IsEmpty());
  Json pod = owned_by("DaemonSet", "logs");
  pod["metadata"]["ownerReferences"][1].erase("controller");
  EXPECT_THAT(workload_of(pod).attributes, IsEmpty());
}

TEST(ServiceName, IsTheFirstThatIsThere) {
  Json pod = owned_by("StatefulSet", "db");
  pod["metadata"]["annotations"]["resource.opentelemetry.io/service.name"] = "Our Shop";
  pod["metadata"]["labels"] = {{"app.kubernetes.io/instance", "shop-blue"},
                               {"app.kubernetes.io/name", "shop"}};
  EXPECT_EQ(service_name(pod, "app"), "Our Shop");
  pod["metadata"].erase("annotations");
  EXPECT_EQ(service_name(pod, "app"), "shop-blue");
  pod["metadata"]["labels"].erase("app.kubernetes.io/instance");
  EXPECT_EQ(service_name(pod, "app"), "shop");
  pod["metadata"].erase("labels");
  EXPECT_EQ(service_name(pod, "app"), "db");
  pod["metadata"].erase("ownerReferences");
  EXPECT_EQ(service_name(pod, "app"), "web-0");
  pod["metadata"].erase("name");
  pod["metadata"]["generateName"] = "web-";
  EXPECT_EQ(service_name(pod, "app"), "app");
}

TEST(AnnotatedAttributes, AreThoseOfOpenTelemetrysPrefixButTheServicesName) {
  Json pod = pod_with();
  pod["metadata"]["annotations"] = {{"resource.opentelemetry.io/service.name", "x"},
                                    {"resource.opentelemetry.io/service.version", "1.2 (blue)"},
                                    {"resource.opentelemetry.io/", "y"},
                                    {"example.com/team", "z"}};
  EXPECT_THAT(annotated_attributes(pod), ElementsAre(Pair("service.version", "1.2 (blue)")));
}

}  // namespace
}  // namespace dualtrace::ctl
