// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/service_labels.h"

#include <gtest/gtest.h>

#include "operator/webhook/workload.h"
#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

std::string named(const Json& labels) {
  Json pod = pod_with();
  pod["metadata"]["name"] = "one-of-many-x7k2p-1";
  pod["metadata"]["labels"] = labels;
  return service_name(pod, "main");
}

TEST(ServiceLabels, AreThoseThatPlatformsWriteOnTheirPods) {
  for (const ServiceLabel& row : kServiceLabels) {
    Json labels = {{std::string(row.label), "shop"}};
    if (!row.beside.empty()) labels[std::string(row.beside)] = "x";
    EXPECT_EQ(named(labels), "shop") << row.platform << " " << row.label;
  }
}

TEST(ServiceLabels, NameWhatPeopleKnowAndNotOneRun) {
  EXPECT_EQ(named({{"workflows.argoproj.io/workflow", "etl-x7k2p"},
                   {"workflows.argoproj.io/workflow-template", "nightly"}}),
            "nightly");
  EXPECT_EQ(named({{"workflows.argoproj.io/workflow", "etl-x7k2p"}}), "etl");
  EXPECT_EQ(named({{"ray.io/cluster", "llm-raycluster-x7k2p"},
                   {"app.kubernetes.io/name", "kuberay"},
                   {"app.kubernetes.io/created-by", "kuberay-operator"}}),
            "llm");
  EXPECT_EQ(named({{"serving.knative.dev/service", "hello-https"},
                   {"serving.knative.dev/revision", "hello-https-00007"}}),
            "hello-https")
      << "people wrote this label";
  EXPECT_EQ(named({{"serving.kserve.io/inferenceservice", "iris"},
                   {"serving.knative.dev/service", "iris-predictor"}}),
            "iris");
}

TEST(ServiceLabels, GiveWayToTheNameThatIsMeantForThis) {
  EXPECT_EQ(named({{"app.kubernetes.io/instance", "shop-blue"}, {"ray.io/cluster", "llm"}}),
            "shop-blue");
}

TEST(ServiceLabels, AreAPlatformsOnlyWithWhatGoesWithThem) {
  EXPECT_EQ(named({{"dag_id", "etl"}, {"task_id", "load"}}), "etl");
  EXPECT_EQ(named({{"dag_id", "etl"}}), "one-of-many-x7k2p-1");
  EXPECT_EQ(named({{"ray.io/cluster", ""}}), "one-of-many-x7k2p-1");
}

// KEDA generates the names of its Jobs.
TEST(ServiceLabels, NameTheScaledJobOfARun) {
  Json pod = pod_with();
  pod["metadata"]["ownerReferences"] =
      Json::array({{{"kind", "Job"}, {"name", "etl-pgsql-n68tp"}, {"controller", true}}});
  pod["metadata"]["labels"]["scaledjob.keda.sh/name"] = "etl-pgsql";
  EXPECT_EQ(service_name(pod, "main"), "etl-pgsql");
}

TEST(ServiceLabels, KnowTheJobOfAJenkinsAgent) {
  Json pod = pod_with();
  const auto of_run = [&](const char* run) {
    pod["metadata"]["annotations"]["runUrl"] = run;
    return service_by_label(pod);
  };
  EXPECT_EQ(of_run("job/shop/job/build/17/"), "build");
  EXPECT_EQ(of_run("job/build/17"), "build");
  for (const char* other : {"", "job/", "job/build", "https://x/17", "job//17/"}) {
    EXPECT_EQ(of_run(other), "") << other;
  }
}

TEST(WithoutRun, TakesAwayWhatIsAnotherEachTime) {
  EXPECT_EQ(without_run("etl-x7k2p"), "etl");
  EXPECT_EQ(without_run("etl-1732752000"), "etl");
  EXPECT_EQ(without_run("llm-raycluster-x7k2p"), "llm");
  EXPECT_EQ(without_run("etl-bcdfg"), "etl");
  EXPECT_EQ(without_run("etl-1732752000000000000"), "etl");
  EXPECT_EQ(without_run("etl-202601311200"), "etl");
}

TEST(WithoutRun, LeavesWhatPeopleWrite) {
  for (const char* name :
       {"etl", "etl-daily", "etl-20260131", "x7k2p", "-x7k2p", "etl-x7k2", "", "etl-pgsql",
        "etl-html5", "etl-24567", "etl-123456789", "etl-123456789012", "etl-9876543210"}) {
    EXPECT_EQ(without_run(name), name);
  }
}

}  // namespace
}  // namespace dualtrace::ctl
