// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/chosen_containers.h"

#include <gtest/gtest.h>

#include "operator/webhook/added_containers.h"
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

Json pod_beside(std::string_view name, std::string_view mark = "") {
  Json pod = pod_with();
  pod["spec"]["containers"].push_back({{"name", name}});
  if (!mark.empty()) pod["metadata"]["labels"][std::string(mark)] = "x";
  return pod;
}

TEST(ChosenContainers, AreNotTheSidecarsThatOthersAdd) {
  for (const auto& [by, pattern, mark] : kAddedContainers) {
    std::string name(pattern);
    std::string label(mark);
    if (name.ends_with('*')) name.back() = '1';
    if (label.ends_with('*')) label += "injected";
    EXPECT_EQ(chosen(pod_beside(name, label)), "app") << by;
    EXPECT_EQ(chosen(pod_beside(name)), mark.empty() ? "app" : "app " + name) << by;
  }
}

TEST(ChosenContainers, AreNotWhatIstioSaysThatItAdded) {
  Json pod = pod_beside("mesh");
  pod["spec"]["initContainers"] =
      list_of(Json{{"name", "mesh-native"}, {"restartPolicy", "Always"}});
  EXPECT_EQ(chosen(pod), "mesh-native app mesh");
  pod["metadata"]["annotations"]["sidecar.istio.io/status"] =
      R"({"containers":["mesh"],"initContainers":["mesh-native"],"revision":"default"})";
  EXPECT_EQ(chosen(pod), "app");
  for (const char* broken : {"{", "[]", "1", R"({"containers":[1,null]})", ""}) {
    pod["metadata"]["annotations"]["sidecar.istio.io/status"] = broken;
    EXPECT_EQ(chosen(pod), "mesh-native app mesh") << broken;
  }
}

TEST(ChosenContainers, AreSidecarsWhereTheAuthorNamesThem) {
  Json pod = pod_beside("istio-proxy");
  pod["metadata"]["annotations"]["dualtrace.dev/containers"] = "istio-proxy";
  EXPECT_EQ(chosen(pod), "istio-proxy");
}

// The gateway of a service mesh.
TEST(ChosenContainers, AreAllWhereThereAreNoOthers) {
  Json pod = pod_with();
  pod["spec"]["containers"][0]["name"] = "istio-proxy";
  EXPECT_EQ(chosen(pod), "istio-proxy");
}

TEST(ChosenContainers, AreThoseThatTheAnnotationNames) {
  EXPECT_EQ(chosen(pod_of_five("app")), "app");
  EXPECT_EQ(chosen(pod_of_five(" proxy, migrate ,proxy,")), "migrate proxy");
}

TEST(ChosenContainers, AreNoneWhenOneIsNotThere) {
  EXPECT_EQ(chosen(pod_of_five("app,ap")),
            "UnknownContainer: the pod has no container ap, which its annotation "
            "dualtrace.dev/containers names; fix the annotation, or remove it");
  EXPECT_EQ(chosen(pod_of_five("debug")).substr(0, 16), "UnknownContainer")
      << "a new pod has no ephemeral container";
  EXPECT_EQ(chosen(pod_of_five("No Name\n")).find("No Name"), std::string::npos);
}

TEST(ChosenContainers, AreNoneWhenTheAnnotationNamesNone) {
  EXPECT_EQ(chosen(pod_of_five(" , ")).substr(0, 14), "InvalidRequest");
}

}  // namespace
}  // namespace dualtrace::ctl
