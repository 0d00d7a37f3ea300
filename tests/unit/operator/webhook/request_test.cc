// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/request.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

// "namespace/name", "true", "nothing" or the reason for a refusal.
std::string asked(const Json& annotation, const std::optional<std::string>& label = std::nullopt) {
  Json pod = pod_with();
  pod["metadata"].erase("annotations");
  if (!annotation.is_null()) pod["metadata"]["annotations"]["dualtrace.dev/inject"] = annotation;
  PodNamespace from{"shop", Labels{{"team", "sales"}}};
  if (label) (*from.labels)["dualtrace.dev/inject"] = *label;
  const auto read = read_request(pod, from);
  if (!read) return "nothing";
  if (const auto* refusal = std::get_if<Refusal>(&*read)) return to_string(*refusal);
  const auto& named = std::get<InjectionRequest>(*read).named;
  return named ? named->to_string() : "true";
}

constexpr std::string_view kHelp =
    "write \"true\", \"false\", the name of a DualTraceExport, or <namespace>";

TEST(InjectionRequest, IsWhatThePodsAnnotationSays) {
  EXPECT_EQ(asked("true"), "true");
  EXPECT_EQ(asked("agents"), "shop/agents");
  EXPECT_EQ(asked("observability/agents"), "observability/agents");
  EXPECT_EQ(asked("observability/true"), "observability/true");
  EXPECT_EQ(asked("observability/agents.blue"), "observability/agents.blue");
  EXPECT_EQ(asked("agents.blue"), "shop/agents.blue") << "an export's name may have dots";
}

TEST(InjectionRequest, IsNothingWhereNobodyAsks) {
  EXPECT_EQ(asked(nullptr), "nothing");
  EXPECT_EQ(asked("false"), "nothing");
  EXPECT_EQ(read_request(pod_with()["spec"], {"shop", std::nullopt}), std::nullopt);
}

TEST(InjectionRequest, IsWhatTheNamespacesLabelSays) {
  EXPECT_EQ(asked(nullptr, "true"), "true");
  EXPECT_EQ(asked(nullptr, "agents"), "shop/agents");
  EXPECT_EQ(asked(nullptr, "observability.agents"), "observability/agents");
  EXPECT_EQ(asked(nullptr, "observability.agents.blue"), "observability/agents.blue");
  EXPECT_EQ(asked(nullptr, "false"), "nothing");
}

TEST(InjectionRequest, OfThePodBeatsTheNamespaces) {
  EXPECT_EQ(asked("false", "true"), "nothing");
  EXPECT_EQ(asked("agents", "observability.others"), "shop/agents");
  EXPECT_EQ(asked("", "true").substr(0, 14), "InvalidRequest");
}

TEST(InjectionRequest, SaysWhatItDoesNotUnderstandWithoutRepeatingIt) {
  for (const char* value : {"", "True", "yes please", "a/b/c", "/agents", "agents/", "-", "a\nb"}) {
    EXPECT_EQ(asked(value),
              "InvalidRequest: the annotation dualtrace.dev/inject of the pod has an "
              "invalid value; " +
                  std::string(kHelp) + "/<name>")
        << value;
  }
  for (const char* label : {"", "True", "a_b", "agents."}) {
    EXPECT_EQ(asked(nullptr, label),
              "InvalidRequest: the label dualtrace.dev/inject of the "
              "namespace has an invalid value; " +
                  std::string(kHelp) + ".<name>")
        << label;
  }
}

}  // namespace
}  // namespace dualtrace::ctl
