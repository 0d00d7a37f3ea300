// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/split.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "agent/otlp/walk.h"
#include "tests/unit/agent/otlp/requests.h"

namespace dualtrace::agent {
namespace {

using google::protobuf::util::MessageDifferencer;

// Every span with its surroundings, in order, without the unknown fields of the request itself.
std::vector<std::string> spans_in_place(const Request& request) {
  std::vector<std::string> result;
  for (const ResourceSpans& resource : request.resource_spans()) {
    ResourceSpans around_resource = resource;
    around_resource.clear_scope_spans();
    for (const ScopeSpans& scope : resource.scope_spans()) {
      ScopeSpans around_scope = scope;
      around_scope.clear_spans();
      for (const Span& span : scope.spans()) {
        result.push_back(around_resource.SerializeAsString() + "|" +
                         around_scope.SerializeAsString() + "|" + span.SerializeAsString());
      }
    }
  }
  return result;
}

Request merged(const std::vector<Part>& parts) {
  std::string bytes;
  for (const Part& part : parts) {
    EXPECT_EQ(walk(part.request).value().spans, part.spans);
    bytes += part.request;
  }
  Request request;
  EXPECT_TRUE(request.ParseFromString(bytes));
  return request;
}

TEST(SplitByBytes, KeepsASmallRequestAsItIs) {
  const std::string bytes = plain_request(5).SerializeAsString();
  const std::vector<Part> parts = split_by_bytes(bytes, bytes.size()).value();
  ASSERT_EQ(parts.size(), 1);
  EXPECT_EQ(parts[0].request, bytes);
  EXPECT_EQ(parts[0].spans, 5);
}

TEST(SplitByBytes, FillsThePartsUpToTheLimit) {
  const Request request = plain_request(512);
  const std::string bytes = request.SerializeAsString();
  const size_t bytes_max = bytes.size() / 4;
  const std::vector<Part> parts = split_by_bytes(bytes, bytes_max).value();
  ASSERT_EQ(parts.size(), 5);
  for (size_t index = 0; index < parts.size(); ++index) {
    EXPECT_LE(parts[index].request.size(), bytes_max);
    if (index + 1 < parts.size()) {
      EXPECT_GT(parts[index].request.size(), bytes_max - 600);
    }
  }
  EXPECT_EQ(spans_in_place(merged(parts)), spans_in_place(request));
}

TEST(SplitByBytes, SendsASpanAloneThatIsTooLarge) {
  Request request = plain_request(3);
  request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(1)->set_name(
      std::string(10'000, 'n'));
  const std::vector<Part> parts = split_by_bytes(request.SerializeAsString(), 2'000).value();
  ASSERT_EQ(parts.size(), 3);
  EXPECT_LE(parts[0].request.size(), 2'000);
  EXPECT_GT(parts[1].request.size(), 10'000);
  EXPECT_EQ(parts[1].spans, 1);
  EXPECT_LE(parts[2].request.size(), 2'000);
}

TEST(SplitByBytes, DoesNotMultiplyLargeHeaders) {
  Request request = plain_request(1'000, 0);
  add_attribute(*request.mutable_resource_spans(0)->mutable_resource()->mutable_attributes(), "big",
                std::string(10'000, 'x'));
  const std::string bytes = request.SerializeAsString();
  const std::vector<Part> kept_whole = split_by_bytes(bytes, 15'000).value();
  ASSERT_EQ(kept_whole.size(), 1);
  EXPECT_EQ(kept_whole[0].spans, 1'000);
  EXPECT_GT(split_by_bytes(bytes, 25'000).value().size(), 2);
}

TEST(SplitByBytes, CostsAtMostAFewTimesTheRequest) {
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    Request request = random_request(random);
    for (ResourceSpans& resource : *request.mutable_resource_spans()) {
      add_attribute(*resource.mutable_resource()->mutable_attributes(), "big",
                    std::string(random() % 3'000, 'x'));
    }
    const std::string bytes = request.SerializeAsString();
    for (const size_t bytes_max : {1UL, 200UL, 1'000UL, 3'000UL}) {
      size_t total = 0;
      const std::vector<Part> parts = split_by_bytes(bytes, bytes_max).value();
      for (const Part& part : parts) {
        total += part.request.size();
      }
      EXPECT_LE(total, 5 * bytes.size() + bytes_max);
    }
  }
}

TEST(SplitByBytes, KeepsEverySpanInItsPlace) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    const Request request = random_request(random);
    const std::string bytes = request.SerializeAsString();
    const size_t bytes_max = 1 + random() % (bytes.size() + 200);
    const std::vector<Part> parts = split_by_bytes(bytes, bytes_max).value();
    const Request result = merged(parts);
    EXPECT_EQ(spans_in_place(result), spans_in_place(request));
    EXPECT_EQ(Request::GetReflection()->GetUnknownFields(result).field_count(),
              Request::GetReflection()->GetUnknownFields(request).field_count());
    for (const Part& part : parts) {
      const bool headers_are_large = bytes_max < 300;
      EXPECT_TRUE(part.spans <= 1 || part.request.size() <= bytes_max || headers_are_large);
    }
  }
}

TEST(SplitByBytes, KeepsMutatedRequestsWellFormed) {
  google::protobuf::LogSilencer silence;
  std::mt19937 random(5);
  for (int round = 0; round < 2'000; ++round) {
    const std::string bytes = mutate(random_request(random).SerializeAsString(), random);
    const Result<WalkSummary> before = walk(bytes);
    if (!before) {
      EXPECT_FALSE(split_by_bytes(bytes, 400).has_value());
      continue;
    }
    uint32_t spans = 0;
    const std::vector<Part> parts = split_by_bytes(bytes, 400).value();
    for (const Part& part : parts) {
      EXPECT_EQ(walk(part.request).value().spans, part.spans);
      spans += part.spans;
    }
    EXPECT_EQ(spans, before->spans);
  }
}

TEST(SplitInHalf, GivesTheFirstHalfTheOddSpan) {
  const Request request = plain_request(7);
  auto [first, second] = split_in_half(request.SerializeAsString()).value();
  EXPECT_EQ(first.spans, 4);
  EXPECT_EQ(second.spans, 3);
  EXPECT_EQ(spans_in_place(merged({std::move(first), std::move(second)})), spans_in_place(request));
}

TEST(SplitInHalf, ReachesEverySingleSpan) {
  std::mt19937 random(6);
  for (int round = 0; round < 100; ++round) {
    const Request request = random_request(random);
    std::vector<Part> done;
    std::vector<Part> left{{request.SerializeAsString(), count_spans(request)}};
    while (!left.empty()) {
      Part part = std::move(left.back());
      left.pop_back();
      if (part.spans < 2) {
        done.push_back(std::move(part));
        continue;
      }
      auto [first, second] = split_in_half(part.request).value();
      left.push_back(std::move(second));
      left.push_back(std::move(first));
    }
    EXPECT_EQ(done.size(), std::max(count_spans(request), 1U));
    EXPECT_EQ(spans_in_place(merged(done)), spans_in_place(request));
  }
}

TEST(SplitInHalf, RefusesWhatIsMalformed) {
  EXPECT_EQ(split_in_half("\x0a\x05").error().kind, ErrorKind::kInvalid);
}

TEST(Separate, TakesTheSpansWithTheirPlaces) {
  const Request request = plain_request(5);
  const Separated separated = separate(request.SerializeAsString(), {3, 1, 3, 77}).value();
  EXPECT_EQ(separated.taken_spans, 2);
  EXPECT_EQ(separated.kept_spans, 3);
  Request taken;
  ASSERT_TRUE(taken.ParseFromString(separated.taken));
  ASSERT_EQ(taken.resource_spans_size(), 1);
  EXPECT_EQ(taken.resource_spans(0).resource().attributes_size(), 1);
  EXPECT_EQ(taken.resource_spans(0).scope_spans(0).scope().name(), "openai");
  EXPECT_EQ(taken.resource_spans(0).scope_spans(0).spans(0).name(), "chat 1");
  EXPECT_EQ(taken.resource_spans(0).scope_spans(0).spans(1).name(), "chat 3");
}

TEST(Separate, LeavesNothingOfARequestWithoutSpans) {
  const Request request = plain_request(2);
  const std::string bytes = request.SerializeAsString();
  const Separated all = separate(bytes, {0, 1}).value();
  EXPECT_EQ(all.kept, "");
  EXPECT_EQ(all.taken_spans, 2);
  const Separated none = separate(bytes, {}).value();
  EXPECT_EQ(spans_in_place(merged({{none.kept, 2}})), spans_in_place(request));
  EXPECT_EQ(none.taken, "");
  EXPECT_EQ(none.taken_spans, 0);
}

TEST(Separate, PutsEverySpanOnOneSideInOrder) {
  std::mt19937 random(8);
  for (int round = 0; round < 500; ++round) {
    const Request request = random_request(random);
    const std::vector<std::string> all = spans_in_place(request);
    std::vector<uint32_t> ordinals;
    std::vector<std::string> wanted;
    std::vector<std::string> others;
    for (uint32_t ordinal = 0; ordinal < all.size(); ++ordinal) {
      const bool take = random() % 3 == 0;
      if (take) ordinals.push_back(ordinal);
      (take ? wanted : others).push_back(all[ordinal]);
    }
    std::shuffle(ordinals.begin(), ordinals.end(), random);
    Separated separated = separate(request.SerializeAsString(), ordinals).value();
    const Request kept = merged({{std::move(separated.kept), separated.kept_spans}});
    const Request taken = merged({{std::move(separated.taken), separated.taken_spans}});
    EXPECT_EQ(spans_in_place(kept), others);
    EXPECT_EQ(spans_in_place(taken), wanted);
    EXPECT_EQ(separated.kept_spans + separated.taken_spans, all.size());
  }
}

TEST(Separate, RefusesWhatIsMalformed) {
  EXPECT_EQ(separate("\x0a\x05", {0}).error().kind, ErrorKind::kInvalid);
}

}  // namespace
}  // namespace dualtrace::agent
