#include "operator/webhook/chosen_containers.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

// Two containers, an init container, a native sidecar and an ephemeral container.
Json pod_of_five(const char* wanted = nullptr) {
  Json pod = pod_with();
  if (wanted != nullptr) pod["metadata"]["annotations"]["dualtrace.dev/containers"] = wanted;
  pod["spec"]["containers"] = {{{"name", "app"}}, {{"name", "proxy"}}};
  pod["spec"]["initContainers"] = {{{"name", "migrate"}},
                                   {{"name", "sidecar"}, {"restartPolicy", "Always"}}};
  pod["spec"]["ephemeralContainers"] = Json::array({{{"name", "debug"}}});
  return pod;
}

// The names, or the refusal.
std::string chosen(const Json& pod) {
  const auto result = choose_containers(pod);
  if (const auto* refusal = std::get_if<Refusal>(&result)) return to_string(*refusal);
  std::string names;
  for (const auto& [list, index] : std::get<std::vector<ChosenContainer>>(result)) {
    names += (names.empty() ? "" : " ") + std::string(text_at(pod["spec"][list][index], {"name"}));
  }
  return names;
}

TEST(ChosenContainers, AreAllThatRunBesideEachOther) {
  EXPECT_EQ(chosen(pod_of_five()), "sidecar app proxy");
}

TEST(ChosenContainers, AreThoseThatTheAnnotationNames) {
  EXPECT_EQ(chosen(pod_of_five("app")), "app");
  EXPECT_EQ(chosen(pod_of_five(" proxy, migrate ,proxy,")), "migrate proxy");
}

TEST(ChosenContainers, AreNoneWhenOneIsNotThere) {
  EXPECT_EQ(chosen(pod_of_five("app,ap")),
            "UnknownContainer: the pod has no container called ap that its annotation "
            "dualtrace.dev/containers has; mend the annotation, or leave it out");
  EXPECT_EQ(chosen(pod_of_five("debug")).substr(0, 16), "UnknownContainer")
      << "an ephemeral container is not there when a pod is created";
  EXPECT_EQ(chosen(pod_of_five("No Name\n")).find("No Name"), std::string::npos);
}

TEST(ChosenContainers, AreNoneWhenTheAnnotationNamesNone) {
  EXPECT_EQ(chosen(pod_of_five(" , ")).substr(0, 14), "InvalidRequest");
}

}  // namespace
}  // namespace dualtrace::ctl
