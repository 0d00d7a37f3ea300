// SPDX-License-Identifier: Apache-2.0
#include "common/config/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "common/random/random.h"

namespace dualtrace {
namespace {

using Kind = YamlNode::Kind;

// Line numbers are not compared.
bool same(const YamlNode& a, const YamlNode& b) {
  if (a.kind != b.kind || a.key != b.key || a.text != b.text) return false;
  if (a.children.size() != b.children.size()) return false;
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!same(a.children[i], b.children[i])) return false;
  }
  return true;
}

std::string round_trip_of(std::string_view text) {
  const auto parsed = parse_yaml(render_yaml(yaml_map("", {yaml_text("key", text)})));
  if (!parsed) return "not read: " + parsed.error().message;
  if (parsed->children.at(0).kind != Kind::kText) return "not a text";
  return parsed->children.at(0).text;
}

TEST(RenderYaml, WritesBlocksThatPeopleRead) {
  const YamlNode root =
      yaml_map("", {yaml_map("receiver", {yaml_list("listen", {"[::]:4317", "[::]:4318"})}),
                    yaml_map("arize", {yaml_text("endpoint", "otlp.arize.com:443"),
                                       yaml_text("project", "support: agents")}),
                    yaml_text("logLevel", "Info"), yaml_map("resourceAttributes", {})});
  EXPECT_EQ(render_yaml(root),
            "receiver:\n"
            "  listen:\n"
            "    - \"[::]:4317\"\n"
            "    - \"[::]:4318\"\n"
            "arize:\n"
            "  endpoint: otlp.arize.com:443\n"
            "  project: \"support: agents\"\n"
            "logLevel: Info\n"
            "resourceAttributes:\n"
            "  {}\n");
}

TEST(RenderYaml, QuotesWhatWouldBeReadAsSomethingElse) {
  for (const std::string_view text :
       {"",     "~",    "null", "Null",     "true",   "no",     "12",      "1.5",  "- a",
        "a: b", "a #b", "#a",   "&a",       "*a",     "!a",     "!!str a", "{a}",  "[a]",
        "%a",   "@a",   "`a",   "\"a",      "'a",     "a\nb",   " a",      "a ",   "\ta",
        "a\\",  "?",    "? a",  "|",        ">",      "---",    "...",     "a\rb", "\x7f",
        "\x01", "ü",    "日本", "a\u0085b", "\u2028", "\ufeff", "=",       "<<"}) {
    EXPECT_EQ(round_trip_of(text), text);
  }
  EXPECT_EQ(round_trip_of(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

constexpr std::array<std::string_view, 34> kPieces = {
    "a", "Z",  "0", "-", " ", ":", ": ", "#", " #",   "\n",    "\t", "\"",
    "'", "\\", "{", "}", "[", "]", ",",  "&", "*",    "!",     "|",  ">",
    "%", "@",  "`", "?", "~", "ü", "日", "😀", "\x01", "\u0085"};

std::string random_text(Random& random) {
  std::string text;
  for (uint64_t left = random.below(12); left > 0; --left) text += kPieces.at(random.below(34));
  return text;
}

YamlNode random_node(Random& random, int depth) {
  const uint64_t kind = random.below(depth > 0 ? 5 : 2);
  if (kind == 0) return {};
  if (kind <= 2) return yaml_text("", random_text(random));
  YamlNode made = kind == 3 ? yaml_list("", {}) : yaml_map("", {});
  for (uint64_t left = random.below(4); left > 0; --left) {
    made.children.push_back(random_node(random, depth - 1));
    if (kind == 4) made.children.back().key = random_text(random);
  }
  return made;
}

TEST(RenderYaml, ParsesToTheSameTree) {
  Random random(7);
  for (int round = 0; round < 5000; ++round) {
    YamlNode root = yaml_map("", {});
    for (uint64_t left = random.below(5); left > 0; --left) {
      root.children.push_back(random_node(random, 4));
      root.children.back().key = random_text(random);
    }
    const std::string yaml = render_yaml(root);
    const auto parsed = parse_yaml(yaml);
    ASSERT_TRUE(parsed) << parsed.error().message << "\n" << yaml;
    ASSERT_TRUE(same(root, *parsed)) << yaml;
  }
}

TEST(RenderYaml, WritesLongNames) {
  for (const size_t length : {256U, 1000U, 1100U, 5000U}) {
    const YamlNode root = yaml_map("", {yaml_text(std::string(length, 'k'), "v")});
    const auto parsed = parse_yaml(render_yaml(root));
    ASSERT_TRUE(parsed) << length << ": " << parsed.error().message;
    EXPECT_TRUE(same(root, *parsed)) << length;
  }
}

}  // namespace
}  // namespace dualtrace
