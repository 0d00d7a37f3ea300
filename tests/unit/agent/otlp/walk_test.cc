// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/walk.h"

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/agent/otlp/requests.h"

namespace dualtrace::agent {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

std::string fault(std::string_view request) {
  const Result<WalkSummary> result = walk(request);
  if (result) {
    return "no fault";
  }
  EXPECT_EQ(result.error().kind, ErrorKind::kInvalid);
  return result.error().message;
}

// A ResourceSpans that holds one ScopeSpans of these bytes.
std::string around_scope(const std::string& scope) {
  const std::string resource = "\x12" + std::string(1, static_cast<char>(scope.size())) + scope;
  return "\x0a" + std::string(1, static_cast<char>(resource.size())) + resource;
}

TEST(Walk, CountsSpans) {
  EXPECT_EQ(walk(plain_request(512).SerializeAsString()).value(),
            (WalkSummary{.resource_spans = 1, .spans = 512}));
}

TEST(Walk, TakesAnEmptyRequest) {
  EXPECT_EQ(walk("").value(), WalkSummary{});
  EXPECT_EQ(walk("\x0a\x00"s).value(), (WalkSummary{.resource_spans = 1, .spans = 0}));
}

TEST(Walk, CountsConcatenatedRequestsTogether) {
  const std::string one = plain_request(3).SerializeAsString();
  EXPECT_EQ(walk(one + one).value(), (WalkSummary{.resource_spans = 2, .spans = 6}));
}

TEST(Walk, NamesTheOffsetOfTheFault) {
  EXPECT_EQ(fault("\x0a\x05\x12\x00"s), "otlp: offset 2: cut short");
}

TEST(Walk, RefusesEveryTruncationInsideTheRequest) {
  const std::string bytes = plain_request(3).SerializeAsString();
  for (size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_THAT(fault(bytes.substr(0, size)), HasSubstr("cut short")) << size;
  }
}

TEST(Walk, RefusesAWrongWireTypeOfAKnownField) {
  EXPECT_THAT(fault("\x08\x01"s), HasSubstr("wire type"));                // resource_spans
  EXPECT_THAT(fault("\x0a\x02\x08\x01"s), HasSubstr("wire type"));        // resource
  EXPECT_THAT(fault("\x0a\x02\x10\x01"s), HasSubstr("wire type"));        // scope_spans
  EXPECT_THAT(fault(around_scope("\x10\x01"s)), HasSubstr("wire type"));  // spans
  EXPECT_THAT(fault(around_scope("\x13\x14"s)), HasSubstr("wire type"));  // spans as a group
}

TEST(Walk, PassesOverUnknownFields) {
  const std::string unknown =
      "\x98\x06\x01"s  // 99: varint
      "\x99\x06"
      "12345678"                                  // 99: fixed64
      "\x9a\x06\x02hi"                            // 99: bytes
      "\x9b\x06\x9b\x06\x08\x01\x9c\x06\x9c\x06"  // 99: a group in a group
      "\x9d\x06"
      "1234"s;  // 99: fixed32
  EXPECT_EQ(walk(around_scope(unknown + "\x12\x00"s) + unknown).value(),
            (WalkSummary{.resource_spans = 1, .spans = 1}));
}

TEST(Walk, RefusesWhatNoParserTakes) {
  EXPECT_THAT(fault("\x02\x00"s), HasSubstr("field number 0"));
  EXPECT_THAT(fault("\x9b\x06\x02\x00\x9c\x06"s), HasSubstr("field number 0"));
  EXPECT_THAT(fault("\x9e\x06"s), HasSubstr("unknown wire type"));
  EXPECT_THAT(fault("\x9c\x06"s), HasSubstr("not started"));
  EXPECT_THAT(fault("\x9b\x06\xa4\x06"s), HasSubstr("another group"));
  EXPECT_THAT(fault("\x9b\x06"s), HasSubstr("cut short"));
  EXPECT_THAT(fault("\x98\x06\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"s),
              HasSubstr("more than ten bytes"));
  EXPECT_THAT(fault("\x8a\x80\x80\x80\x80\x00\x00"s), HasSubstr("more than five bytes"));
}

TEST(Walk, BoundsTheDepthOfGroups) {
  const auto nested = [](size_t depth) {
    std::string bytes;
    for (size_t level = 0; level < depth; ++level) bytes += "\x9b\x06";
    for (size_t level = 0; level < depth; ++level) bytes += "\x9c\x06";
    return bytes;
  };
  EXPECT_EQ(walk(nested(100)).value(), WalkSummary{});
  EXPECT_THAT(fault(nested(101)), HasSubstr("too deep"));
  EXPECT_THAT(fault(nested(1'000'000)), HasSubstr("too deep"));
}

TEST(Walk, AgreesWithProtobuf) {
  google::protobuf::LogSilencer silence;
  std::mt19937 random(20'240'607);
  int accepted = 0;
  for (int round = 0; round < 4'000; ++round) {
    std::string bytes = random_request(random).SerializeAsString();
    if (round % 10 != 0) {
      bytes = mutate(std::move(bytes), random);
    }
    Request parsed;
    if (!parsed.ParseFromString(bytes)) {
      continue;
    }
    const Result<WalkSummary> walked = walk(bytes);
    if (!walked) {
      EXPECT_THAT(walked.error().message, HasSubstr("wrong wire type for a known field"));
      continue;
    }
    ++accepted;
    EXPECT_EQ(walked->spans, count_spans(parsed));
    EXPECT_EQ(walked->resource_spans, static_cast<uint32_t>(parsed.resource_spans_size()));
  }
  EXPECT_GT(accepted, 600);
}

}  // namespace
}  // namespace dualtrace::agent
