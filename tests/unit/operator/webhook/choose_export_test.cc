// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/choose_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const PodNamespace kShop{"shop", Labels{{"team", "sales"}}};
const InjectionRequest kAny{};

InjectionRequest named(const std::string& namespace_name, const std::string& name) {
  return {kube::ObjectKey{namespace_name, name}};
}

std::string chosen(const InjectionRequest& request, const FakeClusterView& cluster,
                   const PodNamespace& from = kShop) {
  const auto result = choose_export(request, from, cluster.known);
  if (const auto* refusal = std::get_if<Refusal>(&result)) return to_string(*refusal);
  return std::get<kube::ObjectKey>(result).to_string();
}

Json for_team(const std::string& team) {
  return {{"namespaceSelector", {{"matchLabels", {{"team", team}}}}}};
}

Json by_name(const std::string& op, const std::string& name) {
  return {{"namespaceSelector",
           {{"matchExpressions", Json::array({{{"key", "kubernetes.io/metadata.name"},
                                               {"operator", op},
                                               {"values", Json::array({name})}}})}}}};
}

TEST(ChooseExport, TakesTheOneThatIsNamed) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  cluster.add("shop", "agents");
  EXPECT_EQ(chosen(named("observability", "agents"), cluster), "observability/agents");
  EXPECT_EQ(chosen(named("shop", "agents"), cluster), "shop/agents");
}

TEST(ChooseExport, SaysThatThereIsNone) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  EXPECT_THAT(chosen(named("shop", "agents"), cluster),
              StartsWith("NoSuchExport: the operator knows no DualTraceExport shop/agents; "));
  EXPECT_EQ(chosen(kAny, FakeClusterView{}),
            "NoSuchExport: \"true\" means the only DualTraceExport of namespace shop, which has "
            "none, and no export of another namespace is shared; write \"<namespace>/<export>\" "
            "instead, of an export that admits this namespace, or have the installation share that "
            "namespace (sharedNamespaces)");
}

TEST(ChooseExport, TakesTheOnlyOneOfThePodsNamespace) {
  FakeClusterView cluster;
  cluster.add("shop", "near");
  cluster.add("observability", "far");
  EXPECT_EQ(chosen(kAny, cluster), "shop/near");
  cluster.add("shop", "other");
  EXPECT_EQ(chosen(kAny, cluster),
            "Ambiguous: \"true\" could mean shop/near, shop/other; write the "
            "name of one export instead");
}

TEST(ChooseExport, TakesTheOnlySharedOneThatAdmitsTheNamespace) {
  FakeClusterView cluster;
  cluster.rules.shared_namespaces = {"a", "b", "c"};
  cluster.add("a", "for-support", for_team("support"));
  cluster.add("b", "for-sales", for_team("sales"));
  EXPECT_EQ(chosen(kAny, cluster), "b/for-sales");
  cluster.add("c", "for-all");
  EXPECT_THAT(chosen(kAny, cluster), HasSubstr("b/for-sales, c/for-all;"));
}

TEST(ChooseExport, NamesNoMoreThanFiveOfThoseThatCouldBeMeant) {
  FakeClusterView cluster;
  for (const char* name : {"g", "f", "e", "d", "c", "b", "a"}) cluster.add("shop", name);
  EXPECT_THAT(chosen(kAny, cluster),
              HasSubstr(" shop/a, shop/b, shop/c, shop/d, shop/e and 2 more;"));
}

TEST(ChooseExport, AdmitsByTheLabelsOfTheNamespace) {
  FakeClusterView cluster;
  cluster.add("observability", "agents", for_team("support"));
  EXPECT_EQ(chosen(named("observability", "agents"), cluster),
            "NamespaceNotAdmitted: observability/agents does not admit namespace shop; set "
            "spec.injection.namespaceSelector there, for example to {matchLabels: "
            "{kubernetes.io/metadata.name: shop}}, or name another export");
  EXPECT_EQ(
      chosen(named("observability", "agents"), cluster, {"shop", Labels{{"team", "support"}}}),
      "observability/agents");
  EXPECT_EQ(chosen(named("observability", "agents"), cluster, {"observability", Labels{}}),
            "observability/agents")
      << "its own namespace is always admitted";
}

TEST(ChooseExport, KnowsEveryNamespaceByItsName) {
  FakeClusterView cluster;
  cluster.add("observability", "agents", by_name("In", "shop"));
  EXPECT_EQ(chosen(named("observability", "agents"), cluster), "observability/agents");
  EXPECT_EQ(chosen(named("observability", "agents"), cluster, {"shop", std::nullopt}),
            "observability/agents");
  EXPECT_THAT(chosen(named("observability", "agents"), cluster, {"bar", std::nullopt}),
              StartsWith("NamespaceNotAdmitted"));
}

// NotIn matches a missing label, so a namespace would be admitted only because the webhook may not
// read its labels.
TEST(ChooseExport, AdmitsNoNamespaceWhoseLabelsItCannotSee) {
  FakeClusterView cluster;
  cluster.add(
      "observability", "agents",
      {{"namespaceSelector",
        {{"matchExpressions", Json::array({{{"key", "secret"}, {"operator", "DoesNotExist"}}})}}}});
  EXPECT_EQ(chosen(named("observability", "agents"), cluster), "observability/agents");
  EXPECT_THAT(chosen(named("observability", "agents"), cluster, {"shop", std::nullopt}),
              HasSubstr("does not admit namespace shop, whose labels the operator cannot see;"));
}

TEST(ChooseExport, TakesNoneWithFaults) {
  FakeClusterView cluster;
  cluster.add_faulty("shop", "agents");
  const std::string refusal =
      "ExportInvalid: shop/agents has faults; to see which, run kubectl -n shop get dte agents -o "
      "wide, and fix them";
  EXPECT_EQ(chosen(named("shop", "agents"), cluster), refusal);
  EXPECT_EQ(chosen(kAny, cluster), refusal);
}

TEST(ChooseExport, CountsOneWithFaultsAmongThoseThatCouldBeMeant) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  cluster.add_faulty("playground", "agents");
  EXPECT_EQ(chosen(kAny, cluster), "observability/agents") << "that namespace is not shared";
  cluster.add_faulty("observability", "broken");
  EXPECT_THAT(chosen(kAny, cluster), StartsWith("Ambiguous"));
}

// Somebody who can create exports in one namespace can neither capture the spans of others nor make
// their pods ambiguous.
TEST(ChooseExport, MindsNoExportOfANamespaceThatIsNotShared) {
  FakeClusterView cluster;
  cluster.add("evil", "x");
  EXPECT_THAT(chosen(kAny, cluster), AllOf(StartsWith("NoSuchExport"), Not(HasSubstr("evil"))))
      << "and it is not suggested";
  cluster.add("observability", "agents");
  EXPECT_EQ(chosen(kAny, cluster), "observability/agents");
  EXPECT_EQ(chosen(kAny, cluster, {"evil", Labels{}}), "evil/x") << "its own pods use it";
  EXPECT_EQ(chosen(named("evil", "x"), cluster), "evil/x") << "a pod that names it uses it";
}

TEST(ChooseExport, AdmitsItsOwnNamespaceAloneWithoutASelector) {
  FakeClusterView cluster;
  cluster.add("observability", "agents", Json::object());
  const PodNamespace own{"observability", Labels{}};
  EXPECT_EQ(chosen(kAny, cluster, own), "observability/agents");
  EXPECT_EQ(chosen(named("observability", "agents"), cluster, own), "observability/agents");
  EXPECT_EQ(
      chosen(named("observability", "agents"), cluster),
      "NamespaceNotAdmitted: observability/agents does not admit namespace shop: without a "
      "namespaceSelector it admits only its own; set spec.injection.namespaceSelector there, for "
      "example to {matchLabels: {kubernetes.io/metadata.name: shop}}, or name another export");
  EXPECT_EQ(
      chosen(kAny, cluster),
      "NoSuchExport: \"true\" means the only DualTraceExport of namespace shop, which has "
      "none, and no shared export admits it (observability/agents); set "
      "spec.injection.namespaceSelector there, for example to {matchLabels: "
      "{kubernetes.io/metadata.name: shop}}, or write \"<namespace>/<export>\" of another export "
      "instead of \"true\"");
}

TEST(ChooseExport, GoesOnAsBeforeWithExportsThatWereThereBefore) {
  FakeClusterView cluster;
  cluster.rules.shared_namespaces.clear();
  cluster.add({{"metadata", {{"namespace", "observability"}, {"name", "agents"}}},
               {"spec", {{"arize", {{"region", "US"}, {"credentials", {{"secretName", "a"}}}}}}},
               {"status", {{"observedGeneration", 1}}}});
  EXPECT_EQ(chosen(kAny, cluster), "observability/agents");
  EXPECT_EQ(chosen(named("observability", "agents"), cluster), "observability/agents");
  cluster.add("evil", "x");
  EXPECT_EQ(chosen(kAny, cluster), "observability/agents") << "a new export does not";
}

std::vector<std::string> asked_for(const InjectionRequest& request, const FakeClusterView& cluster,
                                   const PodNamespace& from = kShop) {
  std::vector<std::string> names;
  for (const kube::ObjectKey& key : exports_asked_for(request, from, cluster.known)) {
    names.push_back(key.to_string());
  }
  return names;
}

TEST(ExportsAskedFor, AreTheOneThatIsChosenOrAllThatCouldHaveBeenMeant) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  cluster.add("evil", "x");
  EXPECT_THAT(asked_for(kAny, cluster), ElementsAre("observability/agents"));
  cluster.add("observability", "second");
  cluster.add("observability", "closed", for_team("support"));
  EXPECT_THAT(asked_for(kAny, cluster),
              ElementsAre("observability/agents", "observability/second"));
  cluster.add("shop", "near");
  EXPECT_THAT(asked_for(kAny, cluster), ElementsAre("shop/near"));
}

TEST(ExportsAskedFor, AreTheOneThatIsNamedThoughItRefuses) {
  FakeClusterView cluster;
  cluster.add("observability", "agents", for_team("support"));
  cluster.add_faulty("shop", "faulty");
  EXPECT_THAT(asked_for(named("observability", "agents"), cluster),
              ElementsAre("observability/agents"));
  EXPECT_THAT(asked_for(named("shop", "faulty"), cluster), ElementsAre("shop/faulty"));
}

TEST(ExportsAskedFor, AreThoseNextToANameThatDoesNotExist) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  cluster.add("observability", "second", for_team("support"));
  EXPECT_THAT(asked_for(named("observability", "agentz"), cluster),
              ElementsAre("observability/agents", "observability/second"));
  EXPECT_THAT(asked_for(named("shop", "agents"), cluster), ElementsAre("observability/agents"))
      << "shop has no export: it counts as \"true\" would";
  cluster.add("shop", "near");
  EXPECT_THAT(asked_for(named("shop", "agents"), cluster), ElementsAre("shop/near"));
}

// The census computes the exports once for each of these requests, and pods make up any number of
// names.
TEST(CountedAs, IsOneRequestForAllNamesThatDoNotExist) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  EXPECT_EQ(counted_as(kAny, cluster.known), kAny);
  EXPECT_EQ(counted_as(named("observability", "agents"), cluster.known),
            named("observability", "agents"));
  for (const char* name : {"agentz", "x", "y"}) {
    EXPECT_EQ(counted_as(named("observability", name), cluster.known), named("observability", ""));
    EXPECT_EQ(counted_as(named(name, "agents"), cluster.known), kAny);
  }
  EXPECT_EQ(counted_as(named("observability", ""), cluster.known), named("observability", ""));
}

TEST(ExportsAskedFor, AreWhoeverCouldHelpAPodThatMeansNone) {
  FakeClusterView cluster;
  cluster.add("b", "closed", Json::object());
  EXPECT_THAT(asked_for(kAny, cluster), ElementsAre("b/closed")) << "there is no other";
  cluster.add("c", "closed", Json::object());
  EXPECT_THAT(asked_for(kAny, cluster), IsEmpty()) << "any of a thousand could be";
  cluster.add("a", "open");
  EXPECT_THAT(asked_for(kAny, cluster), ElementsAre("a/open")) << "sharing it would help";
  cluster.add("observability", "agents", Json::object());
  EXPECT_THAT(asked_for(kAny, cluster), ElementsAre("observability/agents"))
      << "admitting the namespace would help";
}

}  // namespace
}  // namespace dualtrace::ctl
