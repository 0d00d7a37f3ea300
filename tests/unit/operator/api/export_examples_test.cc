// SPDX-License-Identifier: Apache-2.0
// The operator's parser gives the same verdict as a real API server
// (tests/component/export_schema_test.py) on the same examples.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/api/dual_trace_export.h"
#include "tests/unit/operator/api/export_files.h"

namespace dualtrace::ctl {
namespace {

TEST(ParseExport, AcceptsWhatTheApiServerAccepts) {
  const auto files = yaml_files("tests/data/exports/accepted");
  EXPECT_GT(files.size(), 10U);
  for (const auto& file : files) {
    const ExportOrFaults parsed = parse_export(read_yaml_file(file));
    EXPECT_TRUE(parsed.value) << file << ": " << to_string(parsed.faults);
  }
}

// For a fault in an entry of a map, the operator names the entry. The API server names the map, or
// the entry with a dot before its name.
bool is_at(const std::string& path, const std::string& field) {
  const size_t dot = field.rfind('.');
  return path == field || path.starts_with(field + "[") ||
         path == field.substr(0, dot) + "[" + field.substr(dot + 1) + "]";
}

TEST(ParseExport, RefusesWhatTheApiServerRefusesForTheSameField) {
  const auto files = yaml_files("tests/data/exports/refused");
  EXPECT_GT(files.size(), 50U);
  for (const auto& file : files) {
    const std::string field = comment_in_file(file, "field");
    ASSERT_NE(field, "") << file;
    if (comment_in_file(file, "says") == "unknown field") continue;  // dropped by the API server
    const ExportOrFaults parsed = parse_export(read_yaml_file(file));
    EXPECT_FALSE(parsed.value) << file;
    ASSERT_EQ(parsed.faults.size(), 1U) << file << ": " << to_string(parsed.faults);
    EXPECT_TRUE(is_at(parsed.faults[0].path, field)) << file << ": " << to_string(parsed.faults);
    EXPECT_NE(parsed.faults[0].message, "") << file;
  }
}

}  // namespace
}  // namespace dualtrace::ctl
