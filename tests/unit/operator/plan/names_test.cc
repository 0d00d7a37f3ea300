// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/random/random.h"

namespace dualtrace::ctl {
namespace {

using testing::MatchesRegex;

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kInside = "abcdef0123456789-";
constexpr std::string_view kSuffix = "-dualtrace";

std::string stem_of(const std::string& child) {
  return child.substr(0, child.size() - kSuffix.size());
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "name-0123456789"
bool ends_with_hash(std::string_view text) {
  return text.size() > 11 && text[text.size() - 11] == '-' && is_hex(text.substr(text.size() - 10));
}

bool is_label(std::string_view text, size_t bytes_max) {
  const auto inside = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= bytes_max && text.front() >= 'a' && text.front() <= 'z' &&
         text.back() != '-' && std::all_of(text.begin(), text.end(), inside);
}

bool is_label_value(std::string_view text) {
  const auto edge = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 63 && edge(text.front()) && edge(text.back());
}

// A valid Kubernetes name: labels of lower-case letters, digits and "-", joined by dots.
std::string random_name(Random& random) {
  std::string name;
  for (uint64_t labels = 1 + random.below(4); labels > 0; --labels) {
    if (!name.empty()) name += '.';
    name += random.below(4) == 0 ? '7' : kLower[random.below(kLower.size())];
    for (uint64_t left = random.below(30); left > 0; --left) {
      name += kInside[random.below(kInside.size())];
    }
    name += kLower[random.below(kLower.size())];
  }
  return name;
}

TEST(ChildName, IsTheExportsNameWhereThatIsPossible) {
  EXPECT_EQ(child_name("agents"), "agents-dualtrace");
  EXPECT_EQ(child_name("a"), "a-dualtrace");
  EXPECT_EQ(child_name(std::string(42, 'a')), std::string(42, 'a') + "-dualtrace");
  EXPECT_EQ(export_label_value("team.a"), "team.a");
  EXPECT_EQ(export_label_value(std::string(63, 'a')), std::string(63, 'a'));
}

TEST(ChildName, HasAHashWhereItHadToBeCutOrChanged) {
  for (const auto& [name, begin] : std::vector<std::pair<std::string, std::string>>{
           {std::string(43, 'a'), std::string(31, 'a')},
           {"team.a", "team-a"},
           {"7layers", "export-7layers"},
           {std::string(30, 'a') + "-" + std::string(20, 'b'), std::string(30, 'a')}}) {
    const std::string stem = stem_of(child_name(name));
    EXPECT_EQ(stem.substr(0, stem.size() - 11), begin);
    EXPECT_TRUE(ends_with_hash(stem)) << stem;
  }
  const std::string label = export_label_value(std::string(64, 'a'));
  EXPECT_EQ(label.substr(0, label.size() - 11), std::string(52, 'a'));
  EXPECT_TRUE(ends_with_hash(label));
}

// If the name changed, all objects with the older name would be left behind.
TEST(ChildName, StaysTheSameForEver) {
  EXPECT_EQ(child_name("team.a"), "team-a-dc6273296f-dualtrace");
}

// Otherwise somebody who knows the scheme could choose another export's shortened name.
TEST(ChildName, IsNotTakenByANameThatLooksLikeACutOne) {
  const std::string cut = child_name("team.a");
  EXPECT_NE(child_name(stem_of(cut)), cut);
  const std::string label = export_label_value(std::string(64, 'a'));
  EXPECT_NE(export_label_value(label), label);
}

TEST(ChildName, NeverCollidesAndIsAlwaysALabel) {
  Random random(11);
  std::set<std::string> names = {"team.a", "team-a", "team--a", "team-a-dualtrace"};
  while (names.size() < 20'000) {
    std::string name = random_name(random);
    names.insert(name);
    names.insert(name.substr(0, 41) + "x");  // neighbors of the names that are cut
    std::replace(name.begin(), name.end(), '.', '-');
    names.insert(name);
    if (random.below(8) == 0) names.insert(export_label_value(name + std::string(70, 'y')));
  }
  std::map<std::string, std::string> children;
  std::map<std::string, std::string> labels;
  for (const std::string& name : names) {
    const std::string child = child_name(name);
    ASSERT_TRUE(is_label(child, 52)) << child;
    ASSERT_TRUE(children.emplace(child, name).second) << name << " and " << children[child];
    const std::string label = export_label_value(name);
    ASSERT_TRUE(is_label_value(label)) << label;
    ASSERT_TRUE(labels.emplace(label, name).second) << name << " and " << labels[label];
  }
}

TEST(ChildLabels, ContainTheSelectorAndTheManager) {
  const Json labels = child_labels("agents");
  const Json selector = pod_selector_labels("agents");
  for (const auto& [name, value] : selector.items()) {
    EXPECT_EQ(labels.at(name), value);
  }
  EXPECT_EQ(labels.at("app.kubernetes.io/managed-by"), "dualtrace-operator");
  EXPECT_EQ(labels.at("app.kubernetes.io/instance"), "agents");
  EXPECT_NE(pod_selector_labels("agents"), pod_selector_labels("agents2"));
}

}  // namespace
}  // namespace dualtrace::ctl
