// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/authorization_details.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

json entry(const char* type, const char* path, std::vector<std::string> privileges) {
  return {{"type", "unity_catalog_privileges"},
          {"object_type", type},
          {"object_full_path", path},
          {"privileges", std::move(privileges)}};
}

json good() {
  json table = entry("TABLE", "main.traces.spans", {"SELECT", "MODIFY"});
  table["operations"] = {"zerobuswrite"};
  return {entry("CATALOG", "main", {"USE CATALOG"}), entry("SCHEMA", "main.traces", {"USE SCHEMA"}),
          table};
}

Result<std::set<std::string>> read(const json& details,
                                   Operations operations = Operations::kRequired) {
  return read_authorization_details(details.dump(), operations);
}

TEST(AuthorizationDetails, NameTheTablesThatMayBeWritten) {
  const auto tables = read(good());
  ASSERT_TRUE(tables) << tables.error().message;
  EXPECT_EQ(*tables, std::set<std::string>{"main.traces.spans"});
}

TEST(AuthorizationDetails, NeedTheThreeEntriesOfEachTable) {
  for (const size_t missing : {0U, 1U, 2U}) {
    json details = good();
    details.erase(missing);
    EXPECT_FALSE(read(details)) << missing;
  }
}

TEST(AuthorizationDetails, AreRefusedOverASlipInAnyMember) {
  const std::vector<std::pair<const char*, json>> slips{
      {"type", "unity_catalog"},           {"object_type", "VIEW"},
      {"object_full_path", "main.traces"}, {"privileges", {"ALL PRIVILEGES"}},
      {"operations", {"write"}},           {"operations", "zerobuswrite"},
      {"actions", {"zerobuswrite"}},       {"privileges", 1},
      {"object_full_path", "main..spans"}};
  for (const auto& [name, value] : slips) {
    json details = good();
    details[2][name] = value;
    EXPECT_FALSE(read(details)) << name << " " << value;
  }
  EXPECT_FALSE(read_authorization_details("", Operations::kRequired));
  EXPECT_FALSE(read(json::object()));
  EXPECT_FALSE(read(json::array()));
  EXPECT_FALSE(read({1, 2, 3}));
}

TEST(AuthorizationDetails, HaveOperationsAtTheTableAsTheEndpointWantsThem) {
  json without = good();
  without[2].erase("operations");
  EXPECT_FALSE(read(without));
  EXPECT_TRUE(read(without, Operations::kOptional));
  EXPECT_TRUE(read(without, Operations::kUnknown));
  const auto unknown = read(good(), Operations::kUnknown);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("operations"), std::string::npos);
  json misplaced = good();
  misplaced[0]["operations"] = {"zerobuswrite"};
  EXPECT_FALSE(read(misplaced));
}

}  // namespace
}  // namespace dualtrace::sandbox
