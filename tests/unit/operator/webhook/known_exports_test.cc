// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/known_exports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const kube::ObjectKey kAgents{"observability", "agents"};

Json agents(const Json& injection = Json::object()) {
  return {{"metadata", {{"namespace", "observability"}, {"name", "agents"}}},
          {"spec",
           {{"arize", {{"region", "US"}, {"credentials", {{"secretName", "arize"}}}}},
            {"injection", injection}}}};
}

TEST(ExportBook, KnowsWhomAnExportAdmits) {
  ExportBook book;
  EXPECT_THAT(*book.read(), IsEmpty());
  const Json for_sales = agents({{"namespaceSelector", {{"matchLabels", {{"team", "sales"}}}}}});
  book.note(kAgents, &for_sales);
  const auto known = book.read();
  ASSERT_THAT(*known, SizeIs(1));
  EXPECT_FALSE(known->at(kAgents).faulty);
  EXPECT_EQ(known->at(kAgents).others, (LabelSelector{{{"team", "sales"}}, {}}));
  EXPECT_FALSE(known->at(kAgents).meant_elsewhere);
}

TEST(ExportBook, KnowsThatAnExportHasFaults) {
  ExportBook book;
  Json faulty = agents();
  faulty["spec"]["arize"]["region"] = "APAC";
  book.note(kAgents, &faulty);
  EXPECT_TRUE(book.read()->at(kAgents).faulty);
}

TEST(ExportBook, KnowsWhichExportsTheInstallationShares) {
  ExportBook book({.shared_namespaces = {"observability"}});
  Json object = agents();
  book.note(kAgents, &object);
  EXPECT_TRUE(book.read()->at(kAgents).meant_elsewhere);
  EXPECT_EQ(book.read()->at(kAgents).others, std::nullopt) << "shared, but it admits nobody";
  book.note({"evil", "x"}, &object);
  EXPECT_FALSE(book.read()->at({"evil", "x"}).meant_elsewhere);
}

// Its status distinguishes it from a new export, and a status with more detail matters to pods.
TEST(ExportBook, LetsAnExportOfBeforeGoOn) {
  ExportBook book;
  Json object = agents();
  object["status"] = {{"observedGeneration", 1}};
  book.note(kAgents, &object);
  EXPECT_EQ(book.read()->at(kAgents).others, LabelSelector{});
  EXPECT_TRUE(book.read()->at(kAgents).meant_elsewhere);
  object["status"]["consent"] = "Explicit";
  book.note(kAgents, &object);
  EXPECT_EQ(book.read()->at(kAgents).others, std::nullopt);
  EXPECT_FALSE(book.read()->at(kAgents).meant_elsewhere);
}

TEST(ExportBook, ForgetsWhatIsGoneOrGoing) {
  ExportBook book;
  const Json there = agents();
  Json going = there;
  going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  for (const Json* after : {static_cast<const Json*>(nullptr), static_cast<const Json*>(&going)}) {
    book.note(kAgents, &there);
    EXPECT_THAT(*book.read(), SizeIs(1));
    book.note(kAgents, after);
    EXPECT_THAT(*book.read(), IsEmpty());
  }
}

TEST(ExportBook, MakesACopyOnlyWhenSomethingIsDifferent) {
  ExportBook book;
  Json object = agents();
  book.note(kAgents, &object);
  const auto before = book.read();
  object["status"] = {{"agents", {{"ready", 1}}}};
  book.note(kAgents, &object);
  book.note({"observability", "never-there"}, nullptr);
  EXPECT_EQ(book.read(), before);
  object["spec"] = Json::object();
  book.note(kAgents, &object);
  EXPECT_NE(book.read(), before);
  EXPECT_FALSE(before->at(kAgents).faulty) << "a reader keeps its snapshot";
}

TEST(KnownExports, AreFoundByTheirNamespace) {
  const KnownExports exports{
      {{"a", "z"}, {}}, {{"b", "one"}, {}}, {{"b", "two"}, {}}, {{"ba", "x"}, {}}};
  const auto found = exports_in("b", exports);
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0]->first.name, "one");
  EXPECT_EQ(found[1]->first.name, "two");
  EXPECT_THAT(exports_in("c", exports), IsEmpty());
}

}  // namespace
}  // namespace dualtrace::ctl
