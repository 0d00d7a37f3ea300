// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/span_row.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::sandbox {
namespace {

SpanRow row_of(const std::string& span, const std::string& around = "") {
  RequestProto request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "resource_spans { " + around + " scope_spans { spans { " + span + " } } }", &request));
  return to_rows(request, [](const ResourceProto&, const SpanProto&) { return true; }).at(0);
}

TEST(SpanRow, WritesIdsEnumsAndTimesAsUnityCatalogDoes) {
  const SpanRow row = row_of(R"(
      trace_id: "\x5b\x8e\xff\xf7\x98\x03\x81\x03\xd2\x69\xb6\x33\x81\x3f\xc6\x0c"
      span_id: "\x00\x00\x00\x00\x00\x00\x00\xab" parent_span_id: "\x01\x02\x03\x04\x05\x06\x07\x08"
      kind: SPAN_KIND_SERVER start_time_unix_nano: 1544712660000001000 flags: 257
      status { code: STATUS_CODE_ERROR message: "no" })");
  EXPECT_EQ(row.trace_id, "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(row.span_id, "00000000000000ab");
  EXPECT_EQ(row.parent_span_id, "0102030405060708");
  EXPECT_EQ(row.kind, "SPAN_KIND_SERVER");
  EXPECT_EQ(row.flags, 257u);
  EXPECT_EQ(row.status, R"({"code":"STATUS_CODE_ERROR","message":"no"})");
  EXPECT_EQ(utc_text(row.start_time_unix_nano), "2018-12-13T14:51:00.000001Z");
}

TEST(SpanRow, KeepsTheTypesOfAttributes) {
  const SpanRow row = row_of(R"(
      attributes { key: "s" value { string_value: "\"x\"" } }
      attributes { key: "i" value { int_value: 9007199254740993 } }
      attributes { key: "d" value { double_value: 0.5 } }
      attributes { key: "n" value { double_value: nan } }
      attributes { key: "b" value { bool_value: true } }
      attributes { key: "y" value { bytes_value: "\x00\xff" } }
      attributes { key: "e" value { } }
      attributes { key: "a" value { array_value { values { int_value: 1 } values { string_value: "2" } } } }
      attributes { key: "m" value { kvlist_value { values { key: "k" value { bool_value: false } } } } })");
  EXPECT_EQ(
      row.attributes,
      R"({"a":[1,"2"],"b":true,"d":0.5,"e":null,"i":9007199254740993,"m":{"k":false},"n":"nan","s":"\"x\"","y":"AP8="})");
}

TEST(SpanRow, KeepsEventsAndLinks) {
  const SpanRow row = row_of(R"(
      events { name: "e" time_unix_nano: 5 dropped_attributes_count: 1 }
      links { trace_id: "\x01" span_id: "\x02" trace_state: "t" flags: 3 })");
  EXPECT_EQ(row.events,
            R"([{"attributes":{},"dropped_attributes_count":1,"name":"e","time_unix_nano":5}])");
  EXPECT_EQ(
      row.links,
      R"([{"attributes":{},"dropped_attributes_count":0,"flags":3,"span_id":"02","trace_id":"01","trace_state":"t"}])");
}

TEST(SpanRow, KnowsItsSurroundings) {
  const SpanRow row = row_of("", R"(
      resource { attributes { key: "service.name" value { string_value: "agent" } } }
      schema_url: "r")");
  EXPECT_EQ(row.surroundings->service_name, "agent");
  EXPECT_EQ(row.surroundings->resource,
            R"({"attributes":{"service.name":"agent"},"dropped_attributes_count":0})");
  EXPECT_EQ(row.surroundings->resource_schema_url, "r");
}

TEST(SpanRow, HasTheSameHashForTheSameSpanOnly) {
  EXPECT_EQ(row_of("name: \"a\"").sha256, row_of("name: \"a\"").sha256);
  EXPECT_NE(row_of("name: \"a\"").sha256, row_of("name: \"b\"").sha256);
}

}  // namespace
}  // namespace dualtrace::sandbox
