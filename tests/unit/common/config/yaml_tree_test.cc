// SPDX-License-Identifier: Apache-2.0
#include "common/config/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dualtrace {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Kind = YamlNode::Kind;

std::string error_of(std::string_view text) {
  const auto parsed = parse_yaml(text);
  return parsed ? "none" : parsed.error().message;
}

TEST(YamlTree, KeepsKeysTextsListsAndLines) {
  const YamlNode root = parse_yaml("a: 1\nb:\n  - x\n  - \"y: z\"\nc: {d: ~}\n").value();
  ASSERT_EQ(root.children.size(), 3);
  EXPECT_EQ(root.children[0].key, "a");
  EXPECT_EQ(root.children[0].text, "1");
  ASSERT_EQ(root.children[1].kind, Kind::kList);
  EXPECT_EQ(root.children[1].children.at(1).text, "y: z");
  EXPECT_EQ(root.children[2].line, 5);
  EXPECT_EQ(root.children[2].children.at(0).key, "d");
  EXPECT_EQ(root.children[2].children.at(0).kind, Kind::kNull);
}

TEST(YamlTree, TakesNothingForAnEmptyMap) {
  EXPECT_EQ(parse_yaml("").value().kind, Kind::kMap);
  EXPECT_EQ(parse_yaml("# only a comment\n").value().kind, Kind::kMap);
  EXPECT_EQ(parse_yaml("---\n").value().kind, Kind::kMap);
}

TEST(YamlTree, KeepsRepeatedKeysForTheReaderToRefuse) {
  EXPECT_EQ(parse_yaml("a: 1\na: 2\n").value().children.size(), 2);
}

TEST(YamlTree, NamesTheLineOfASyntaxError) {
  EXPECT_THAT(error_of("a: 1\nb: [\n"), StartsWith("line 3: "));
  EXPECT_THAT(error_of("a: b: c\n"), StartsWith("line 1: "));
}

TEST(YamlTree, RefusesAliasesBeforeTheyExpand) {
  std::string bomb = "a0: [1, 2, 3]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + "]\n";
  }
  EXPECT_THAT(error_of("a: &x [1]\nb: *x\n"), HasSubstr("anchors (&name) are not supported"));
  EXPECT_THAT(error_of(bomb), StartsWith("line "));
}

TEST(YamlTree, RefusesTagsAndKeysThatAreNotText) {
  EXPECT_THAT(error_of("a: !!python/object x\n"), HasSubstr("tags (!name) are not supported"));
  EXPECT_THAT(error_of("? [a]\n: 1\n"), HasSubstr("a key must be plain text"));
  EXPECT_THAT(error_of("~: 1\n"), HasSubstr("a key must be plain text"));
}

TEST(YamlTree, RefusesASecondDocument) {
  EXPECT_THAT(error_of("a: 1\n---\nb: 2\n"), HasSubstr("more than one YAML document"));
}

TEST(YamlTree, RefusesDeepNesting) {
  std::string deep = "a: ";
  for (int i = 0; i < 100; ++i) deep += "[";
  for (int i = 0; i < 100; ++i) deep += "]";
  EXPECT_THAT(error_of(deep), HasSubstr("nested too deeply"));
  EXPECT_THAT(error_of("a: " + std::string(100'000, '[')), StartsWith("line 1: "));
}

TEST(YamlTree, RefusesLargeFiles) {
  EXPECT_THAT(error_of(std::string(kYamlBytesMax + 1, '#')), HasSubstr("larger than"));
}

TEST(YamlTree, SurvivesBytesThatAreNotText) {
  EXPECT_THAT(error_of(std::string_view("\x01\x02\xff\xfe\0[", 6)), testing::Not(""));
}

}  // namespace
}  // namespace dualtrace
