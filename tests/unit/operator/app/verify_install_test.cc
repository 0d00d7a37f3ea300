// SPDX-License-Identifier: Apache-2.0
#include "operator/app/verify_install.h"

#include <gtest/gtest.h>

#include <functional>

#include "operator/api/dual_trace_export.h"

namespace dualtrace::ctl {
namespace {

// An API server that only runs admission. `pod` returns the pod after its webhooks.
class AdmittingApi final : public kube::Api {
 public:
  std::function<Result<Json>(const Json& exported)> admit_export = [](const Json& exported) {
    if (exported["spec"].empty()) return Result<Json>(fail(ErrorKind::kInvalid, "no destination"));
    return Result<Json>(exported);
  };
  std::function<Result<Json>(Json pod)> admit_pod = [](Json pod) {
    pod["metadata"]["annotations"]["dualtrace.dev/skipped"] = "NoExport: there is none";
    return Result<Json>(std::move(pod));
  };
  int stored = 0;

  Result<Json> apply(const kube::ResourceType& type, const Json& object,
                     const kube::ApplyOptions& options) override {
    if (!options.dry_run) ++stored;
    return type == kube::kPods ? admit_pod(object) : admit_export(object);
  }
  Result<Json> get(const kube::ResourceType& /*type*/, const kube::ObjectKey& /*key*/,
                   kube::Form /*form*/) override {
    return none();
  }
  Result<Json> create(const kube::ResourceType& /*type*/, const Json& /*object*/) override {
    return none();
  }
  Result<Json> update(const kube::ResourceType& /*type*/, const Json& /*object*/) override {
    return none();
  }
  Result<Json> merge_patch(const kube::ResourceType& /*type*/, const kube::ObjectKey& /*key*/,
                           const Json& /*patch*/) override {
    return none();
  }
  Status remove(const kube::ResourceType& /*type*/, const kube::ObjectKey& /*key*/,
                const kube::Precondition& /*precondition*/) override {
    return fail(ErrorKind::kDenied, "not needed");
  }

 private:
  static Result<Json> none() { return fail(ErrorKind::kDenied, "not needed"); }
};

// "" for each finding that is as it should be.
std::vector<std::string> faults(kube::Api& api, bool webhook = true) {
  std::vector<std::string> all;
  for (const InstallFinding& one :
       verify_install(api, {.namespace_name = "default", .webhook = webhook})) {
    EXPECT_FALSE(one.what.empty());
    all.push_back(one.fault);
  }
  return all;
}

TEST(VerifyInstall, FindsNoFaultInOneThatWorksAndStoresNothing) {
  AdmittingApi api;
  EXPECT_EQ(faults(api), (std::vector<std::string>{"", "", ""}));
  EXPECT_EQ(api.stored, 0);
}

TEST(VerifyInstall, AsksForNoWebhookWhereNoneIsToBe) {
  AdmittingApi api;
  api.admit_pod = [](const Json& pod) {
    ADD_FAILURE() << pod;
    return Result<Json>(pod);
  };
  EXPECT_EQ(faults(api, false), (std::vector<std::string>{"", ""}));
}

TEST(VerifyInstall, SaysWhatToDoWithoutTheCrd) {
  AdmittingApi api;
  api.admit_export = [](const Json&) {
    return Result<Json>(fail(ErrorKind::kNotFound, "could not find the requested resource"));
  };
  const auto found = faults(api);
  EXPECT_NE(found[0].find("install the CRD"), std::string::npos) << found[0];
  EXPECT_NE(found[1], "");
  EXPECT_EQ(found[2], "");
}

TEST(VerifyInstall, SeesACrdWithoutRules) {
  AdmittingApi api;
  api.admit_export = [](const Json& exported) { return Result<Json>(exported); };
  const auto found = faults(api);
  EXPECT_EQ(found[0], "");
  EXPECT_NE(found[1].find("has another version"), std::string::npos) << found[1];
}

TEST(VerifyInstall, SeesThatNoWebhookAnswered) {
  AdmittingApi api;
  api.admit_pod = [](const Json& pod) { return Result<Json>(pod); };
  EXPECT_NE(faults(api)[2].find("no operator answered"), std::string::npos);
}

TEST(VerifyInstall, PassesOnWhyAPodIsRefused) {
  AdmittingApi api;
  api.admit_pod = [](const Json&) {
    return Result<Json>(fail(ErrorKind::kDenied, "pods is forbidden"));
  };
  EXPECT_EQ(faults(api)[2], "pods is forbidden");
}

TEST(VerifyInstall, NeedsANamespace) {
  const Environment at_home{.variables = {}, .host_name = "desk", .pod_namespace = ""};
  const std::vector<const char*> none{"verify-install"};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run_verify_install(1, none.data(), at_home, "1.2.3"), 2);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("--namespace is required"), std::string::npos) << said;
}

TEST(VerifyInstall, SaysThatItFindsNoCluster) {
  const Environment nowhere{.variables = {}, .host_name = "desk", .pod_namespace = ""};
  const std::vector<const char*> arguments{"verify-install", "--namespace=default"};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run_verify_install(2, arguments.data(), nowhere, "1.2.3"), 1);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("no --kubeconfig"), std::string::npos) << said;
}

}  // namespace
}  // namespace dualtrace::ctl
