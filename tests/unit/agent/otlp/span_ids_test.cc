// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/span_ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "agent/otlp/fields.h"
#include "agent/otlp/walk.h"
#include "agent/otlp/wire.h"
#include "tests/unit/agent/otlp/requests.h"

namespace dualtrace::agent {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

const std::string kTraceId = "\x01 23456789abcdef";
const std::string kTextTraceId = "0123456789abcdef";
const std::string kTextSpanId = "01234567";

std::string request_of(const std::string& item) {
  std::string scope;
  append_bytes_field(scope, kScopeSpansSpans, item);
  std::string resource;
  append_bytes_field(resource, kResourceSpansScopeSpans, scope);
  std::string request;
  append_bytes_field(request, kRequestResourceSpans, resource);
  return request;
}

std::string fault(const std::string& item, const std::string& before = "") {
  const Result<WalkSummary> walked = walk_received(before + request_of(item));
  return walked ? "no fault" : walked.error().message;
}

std::string span_of(const std::function<void(Span&)>& change) {
  Span span;
  fill_span(span, 1, 2);
  change(span);
  return span.SerializeAsString();
}

std::string fields(std::initializer_list<std::pair<uint32_t, std::string>> list) {
  std::string bytes;
  for (const auto& [number, value] : list) append_bytes_field(bytes, number, value);
  return bytes;
}

TEST(WalkReceived, TakesWhatSdksSend) {
  EXPECT_EQ(walk_received(plain_request(512).SerializeAsString()).value(),
            (WalkSummary{.resource_spans = 1, .spans = 512}));
  std::mt19937 random(17);
  for (int round = 0; round < 300; ++round) {
    const std::string bytes = random_request(random).SerializeAsString();
    EXPECT_EQ(walk_received(bytes).has_value(), walk(bytes).has_value());
  }
}

TEST(WalkReceived, TakesIdsThatAreText) {
  EXPECT_EQ(fault(span_of([](Span& span) {
              span.set_trace_id(kTextTraceId);
              span.set_span_id(kTextSpanId);
              span.add_events()->set_name("first");
              span.add_links();
            })),
            "no fault");
  // Not even a time, only attributes.
  EXPECT_EQ(fault(span_of([](Span& span) {
              span.set_trace_id(kTextTraceId);
              span.set_span_id(kTextSpanId);
              span.clear_start_time_unix_nano();
              span.clear_end_time_unix_nano();
              span.add_events()->set_name("first");
            })),
            "no fault");
  EXPECT_EQ(fault(fields({{1, kTextTraceId}, {2, kTextSpanId}})), "no fault");
}

TEST(WalkReceived, NamesTheSpanWhoseIdHasAWrongLength) {
  const auto told = [](const std::function<void(Span&)>& change) { return fault(span_of(change)); };
  const std::string place = "otlp: resource_spans[0].scope_spans[0].spans[0]: ";
  const std::string rule = "; the ids of a span are 16 and 8 bytes";
  EXPECT_EQ(told([](Span& span) { span.set_trace_id("short"); }),
            place + "trace_id has 5 bytes, not 16" + rule);
  EXPECT_EQ(told([](Span& span) { span.set_trace_id(std::string(32, 'a')); }),
            place + "trace_id has 32 bytes, not 16" + rule);
  EXPECT_EQ(told([](Span& span) { span.clear_trace_id(); }),
            place + "trace_id has 0 bytes, not 16" + rule);
  EXPECT_EQ(told([](Span& span) { span.clear_span_id(); }),
            place + "span_id has 0 bytes, not 8" + rule);
  EXPECT_EQ(told([](Span& span) { span.set_span_id(std::string(16, 'a')); }),
            place + "span_id has 16 bytes, not 8" + rule);
  EXPECT_EQ(told([](Span& span) { span.set_parent_span_id("four"); }),
            place + "parent_span_id has 4 bytes, not 8" + rule);
  EXPECT_EQ(told([](Span& span) {
              span.set_trace_state("vendor=value");
              span.set_parent_span_id("four");
            }),
            place + "parent_span_id has 4 bytes, not 8" + rule);
  Request request = plain_request(5);
  *request.add_resource_spans() = request.resource_spans(0);
  add_scope(*request.mutable_resource_spans(1), "second").add_spans()->set_name("no ids");
  EXPECT_THAT(walk_received(request.SerializeAsString()).error().message,
              HasSubstr("resource_spans[1].scope_spans[1].spans[0]: trace_id has 0 bytes"));
}

TEST(WalkReceived, TakesFieldsInEveryOrder) {
  const std::string late_ids = fields({{5, "a name first"}, {2, "\x01 234567"}, {1, kTraceId}});
  EXPECT_EQ(fault(late_ids), "no fault");
  EXPECT_EQ(fault(span_of([](Span& span) {
              span.set_trace_state("vendor=value");
              span.set_parent_span_id("\x01 234567");
            })),
            "no fault");
}

TEST(WalkReceived, SaysWhatMetricsLookLike) {
  const std::string points = "\x0a\x0b\x11\x00\x01\x02\x03\x04\x05\x06\x07\x30\x01"s;
  const std::string histogram = points + "\x10\x02";
  for (const auto& name : {"http.server.request.duration"s, "sixteen.letters."s, "up"s}) {
    for (const auto& description : {""s, "Duration"s, "How long it took."s}) {
      for (const auto& [number, data] : std::initializer_list<std::pair<uint32_t, std::string>>{
               {5, points}, {7, histogram}, {9, histogram}, {10, histogram}, {11, points}}) {
        std::string metric = fields({{1, name}});
        if (!description.empty()) append_bytes_field(metric, 2, description);
        append_bytes_field(metric, 3, "s");
        append_bytes_field(metric, number, data);
        EXPECT_EQ(fault(metric),
                  "otlp: this looks like an export of metrics; this endpoint accepts only traces")
            << name << "|" << description << "|" << number;
      }
    }
  }
}

TEST(WalkReceived, SaysWhatLogsAndProfilesLookLike) {
  const std::string body = "\x2a\x05\x0a\x03oops"s.substr(0, 7);
  EXPECT_THAT(fault("\x09\x01\x02\x03\x04\x05\x06\x07\x08" + body), HasSubstr("export of logs"));
  EXPECT_THAT(fault("\x10\x09" + body), HasSubstr("export of logs"));
  EXPECT_THAT(fault(body + "\x59\x01\x02\x03\x04\x05\x06\x07\x08"), HasSubstr("export of logs"));
  EXPECT_THAT(fault(fields({{1, "\x08\x01"}}), fields({{2, "dictionary"}})),
              HasSubstr("export of profiles"));
}

TEST(WalkReceived, CountsScopesOfOldClients) {
  std::string scope;
  append_bytes_field(scope, kScopeSpansSpans, span_of([](Span&) {}));
  std::string resource = "\xc2\x3e" + std::string(1, static_cast<char>(scope.size() | 0x80)) +
                         std::string(1, static_cast<char>(scope.size() >> 7)) + scope;
  std::string request;
  append_bytes_field(request, kRequestResourceSpans, resource);
  EXPECT_EQ(walk_received(request).value(),
            (WalkSummary{.resource_spans = 1, .spans = 1, .old_scopes = 1}));
  EXPECT_EQ(walk(request).value(), (WalkSummary{.resource_spans = 1}));
  rename_old_scopes(request);
  EXPECT_EQ(walk(request).value(), (WalkSummary{.resource_spans = 1, .spans = 1}));
  Request parsed;
  ASSERT_TRUE(parsed.ParseFromString(request));
  EXPECT_EQ(parsed.resource_spans(0).scope_spans(0).spans(0).name(), "chat 1");
}

}  // namespace
}  // namespace dualtrace::agent
