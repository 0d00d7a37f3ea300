// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/splice.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "agent/otlp/walk.h"
#include "agent/otlp/wire.h"
#include "tests/unit/agent/otlp/requests.h"

namespace dualtrace::agent {
namespace {

using google::protobuf::util::MessageDifferencer;
using Additions = std::vector<ResourceAddition>;
using namespace std::string_literals;

const Additions kProject = {
    {.add = {{"openinference.project.name", "agents"}, {"model_id", "agents"}},
     .unless_resource_has = {"openinference.project.name", "model_id"},
     .unless_spans_have = {"arize.project.name"}}};
const Additions kCluster = {{.add = {{"k8s.cluster.name", "west"}},
                             .unless_resource_has = {"k8s.cluster.name"},
                             .unless_spans_have = {}}};

Request parsed(const std::string& bytes) {
  Request request;
  EXPECT_TRUE(request.ParseFromString(bytes));
  return request;
}

Request spliced(const Request& request, const Additions& additions) {
  const auto result = splice(request.SerializeAsString(), additions).value();
  return result ? parsed(*result) : request;
}

// The specification of splice(), written with protobuf.
Request expected(Request request, const Additions& additions) {
  for (ResourceSpans& resource : *request.mutable_resource_spans()) {
    for (const ResourceAddition& addition : additions) {
      const auto has = [](const Attributes& attributes, const std::vector<std::string>& keys) {
        return std::ranges::any_of(attributes, [&](const auto& attribute) {
          return std::ranges::find(keys, attribute.key()) != keys.end();
        });
      };
      int spans = 0;
      int spans_with = 0;
      for (const ScopeSpans& scope : resource.scope_spans()) {
        for (const Span& span : scope.spans()) {
          ++spans;
          spans_with += has(span.attributes(), addition.unless_spans_have) ? 1 : 0;
        }
      }
      if (!has(resource.resource().attributes(), addition.unless_resource_has) &&
          (spans == 0 || spans_with < spans)) {
        for (const auto& [key, value] : addition.add) {
          add_attribute(*resource.mutable_resource()->mutable_attributes(), key, value);
        }
      }
    }
  }
  return request;
}

TEST(Splice, AddsToTheEndOfTheResourcesAttributes) {
  const Request result = spliced(plain_request(2), kProject);
  const Attributes& attributes = result.resource_spans(0).resource().attributes();
  ASSERT_EQ(attributes.size(), 3);
  EXPECT_EQ(attributes[0].key(), "service.name");
  EXPECT_EQ(attributes[1].key(), "openinference.project.name");
  EXPECT_EQ(attributes[1].value().string_value(), "agents");
  EXPECT_EQ(attributes[2].key(), "model_id");
}

const Additions kProjectText = {
    {.add = {{"openinference.project.name", "agents"}, {"model_id", "agents"}},
     .unless_resource_has = {"openinference.project.name", "arize.project.name", "model_id"},
     .unless_spans_have = {"arize.project.name"},
     .needs_text = true}};

TEST(Splice, LetsABlankAttributeCountAsAbsent) {
  for (const char* blank : {"", " ", "\t \n"}) {
    for (const char* key : {"openinference.project.name", "arize.project.name", "model_id"}) {
      Request request = plain_request(2);
      Attributes& before =
          *request.mutable_resource_spans(0)->mutable_resource()->mutable_attributes();
      add_attribute(before, key, blank);
      add_attribute(before, "kept", "");
      const Request result = spliced(request, kProjectText);
      const Attributes& after = result.resource_spans(0).resource().attributes();
      ASSERT_EQ(after.size(), 4) << key;  // the blank one is gone
      EXPECT_EQ(after[0].key(), "service.name");
      EXPECT_EQ(after[1].key(), "kept");
      EXPECT_EQ(after[2].key(), "openinference.project.name");
      EXPECT_EQ(after[2].value().string_value(), "agents");
      EXPECT_EQ(after[3].key(), "model_id");
      EXPECT_EQ(result.resource_spans(0).scope_spans_size(), 1);
      EXPECT_EQ(count_spans(result), 2);
    }
  }
}

TEST(Splice, LetsAnAttributeOfAnotherTypeCountAsAbsent) {
  Request request = plain_request(2);
  auto& attribute = *request.mutable_resource_spans(0)->mutable_resource()->add_attributes();
  attribute.set_key("model_id");
  EXPECT_EQ(spliced(request, kProjectText).resource_spans(0).resource().attributes_size(), 3);
  attribute.mutable_value()->set_int_value(7);
  EXPECT_EQ(spliced(request, kProjectText).resource_spans(0).resource().attributes_size(), 3);
  attribute.mutable_value()->set_string_value("mine");
  EXPECT_EQ(splice(request.SerializeAsString(), kProjectText).value(), std::nullopt);
}

TEST(Splice, LeavesABlankAttributeAloneWhereAnotherNamesTheProject) {
  Request request = plain_request(2);
  Attributes& attributes =
      *request.mutable_resource_spans(0)->mutable_resource()->mutable_attributes();
  add_attribute(attributes, "openinference.project.name", "");
  add_attribute(attributes, "model_id", "mine");
  EXPECT_EQ(splice(request.SerializeAsString(), kProjectText).value(), std::nullopt);
}

TEST(Splice, RemovesBlankAttributesFromEveryPieceOfAResource) {
  // protobuf merges the parts of a resource that appears twice.
  ResourceSpans first;
  add_attribute(*first.mutable_resource()->mutable_attributes(), "model_id", "");
  add_attribute(*first.mutable_resource()->mutable_attributes(), "a", "1");
  ResourceSpans second;
  add_attribute(*second.mutable_resource()->mutable_attributes(), "b", "2");
  add_attribute(*second.mutable_resource()->mutable_attributes(), "model_id", " ");
  fill_span(*add_scope(second, "s").add_spans(), 1, 1);
  const std::string both = first.SerializeAsString() + second.SerializeAsString();
  std::string request;
  append_bytes_field(request, 1, both);
  const Request result = parsed(splice(request, kProjectText).value().value());
  const Attributes& after = result.resource_spans(0).resource().attributes();
  ASSERT_EQ(after.size(), 4);
  EXPECT_EQ(after[0].key(), "a");
  EXPECT_EQ(after[1].key(), "b");
  EXPECT_EQ(after[3].key(), "model_id");
  EXPECT_EQ(after[3].value().string_value(), "agents");
  EXPECT_EQ(count_spans(result), 1);
}

TEST(Splice, AddsWhereSpansNameABlankProject) {
  Request request = plain_request(2);
  for (Span& span : *request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans()) {
    add_attribute(*span.mutable_attributes(), "arize.project.name", "");
  }
  EXPECT_TRUE(splice(request.SerializeAsString(), kProjectText).value().has_value());
}

TEST(Splice, LeavesARequestAloneThatNeedsNothing) {
  Request request = plain_request(2);
  add_attribute(*request.mutable_resource_spans(0)->mutable_resource()->mutable_attributes(),
                "model_id", "mine");
  EXPECT_EQ(splice(request.SerializeAsString(), kProject).value(), std::nullopt);
  EXPECT_EQ(splice(request.SerializeAsString(), {}).value(), std::nullopt);
  EXPECT_EQ(splice("", kProject).value(), std::nullopt);
}

TEST(Splice, MakesAResourceWhereThereIsNone) {
  Request request = plain_request(1);
  request.mutable_resource_spans(0)->clear_resource();
  EXPECT_EQ(spliced(request, kCluster).resource_spans(0).resource().attributes_size(), 1);
}

TEST(Splice, LeavesAResourceAloneWhoseSpansAllCarryTheKey) {
  Request request = plain_request(3);
  for (Span& span : *request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans()) {
    add_attribute(*span.mutable_attributes(), "arize.project.name", "per span");
  }
  EXPECT_EQ(splice(request.SerializeAsString(), kProject).value(), std::nullopt);
  fill_span(*request.mutable_resource_spans(0)->mutable_scope_spans(0)->add_spans(), 4, 2);
  EXPECT_TRUE(splice(request.SerializeAsString(), kProject).value().has_value());
}

TEST(Splice, TakesARepeatedResourceForOne) {
  // protobuf merges a message field that appears twice.
  ResourceSpans with_project;
  add_attribute(*with_project.mutable_resource()->mutable_attributes(), "model_id", "mine");
  ResourceSpans with_service;
  add_attribute(*with_service.mutable_resource()->mutable_attributes(), "service.name", "shop");
  const auto request_of = [](const std::string& resource_spans) {
    return "\x0a" + std::string(1, static_cast<char>(resource_spans.size())) + resource_spans;
  };
  const std::string both = with_project.SerializeAsString() + with_service.SerializeAsString();
  EXPECT_EQ(splice(request_of(both), kProject).value(), std::nullopt);
  const auto result = splice(request_of(both), kCluster).value();
  ASSERT_TRUE(result.has_value());
  const Request merged = parsed(*result);
  EXPECT_EQ(merged.resource_spans(0).resource().attributes_size(), 3);
  EXPECT_EQ(merged.resource_spans(0).resource().attributes(2).key(), "k8s.cluster.name");
}

TEST(Splice, LetsAnAdditionSeeTheOnesBeforeIt) {
  const Additions additions = {{.add = {{"model_id", "configured"}},
                                .unless_resource_has = {"model_id"},
                                .unless_spans_have = {}},
                               kProject[0]};
  const Request result = spliced(plain_request(1), additions);
  ASSERT_EQ(result.resource_spans(0).resource().attributes_size(), 2);
  EXPECT_EQ(result.resource_spans(0).resource().attributes(1).value().string_value(), "configured");
}

TEST(Splice, TouchesNoOtherByte) {
  // Overlong tags, and unknown fields around and inside: all survive unchanged.
  const std::string span = "\x92\x00\x03\x0a\x01x"s;
  const std::string scope = "\x9a\x06\x01u" + span + "\x98\x06\x80\x00"s;
  const std::string inside =
      "\x9a\x06\x01r\x12" + std::string(1, static_cast<char>(scope.size())) + scope;
  const std::string request = "\x9a\x06\x02hi\x0a" +
                              std::string(1, static_cast<char>(inside.size())) + inside +
                              "\x9b\x06\x9c\x06"s;
  const auto result = splice(request, kCluster).value();
  ASSERT_TRUE(result.has_value());
  EXPECT_NE(result->find(inside), std::string::npos);
  EXPECT_TRUE(result->starts_with("\x9a\x06\x02hi"));
  EXPECT_TRUE(result->ends_with("\x9b\x06\x9c\x06"));
}

TEST(Splice, GrowsByNoMoreThanItSays) {
  Request request;
  for (int count = 0; count < 100; ++count) {
    request.add_resource_spans();
  }
  const std::string bytes = request.SerializeAsString();
  const auto result = splice(bytes, kProject).value();
  ASSERT_TRUE(result.has_value());
  EXPECT_LE(result->size(), bytes.size() + 100 * spliced_bytes_max(kProject));
}

TEST(Splice, RefusesAMalformedResource) {
  EXPECT_EQ(splice("\x0a\x05\x0a\x03\x0a\x05x"s, kProject).error().kind, ErrorKind::kInvalid);
}

TEST(Splice, AgreesWithProtobuf) {
  std::mt19937 random(1);
  const Additions both = {kCluster[0], kProject[0]};
  for (int round = 0; round < 800; ++round) {
    Request request = random_request(random);
    for (ResourceSpans& resource : *request.mutable_resource_spans()) {
      if (random() % 5 == 0) {
        add_attribute(*resource.mutable_resource()->mutable_attributes(), "model_id", "mine");
      }
      for (ScopeSpans& scope : *resource.mutable_scope_spans()) {
        for (Span& span : *scope.mutable_spans()) {
          if (random() % 5 != 0) {
            add_attribute(*span.mutable_attributes(), "arize.project.name", "per span");
          }
        }
      }
    }
    EXPECT_TRUE(MessageDifferencer::Equals(spliced(request, both), expected(request, both)));
  }
}

TEST(Splice, KeepsMutatedRequestsWellFormed) {
  google::protobuf::LogSilencer silence;
  std::mt19937 random(2);
  for (int round = 0; round < 2'000; ++round) {
    const std::string bytes = mutate(random_request(random).SerializeAsString(), random);
    const auto before = walk(bytes);
    if (!before) {
      continue;
    }
    const auto result = splice(bytes, kCluster);
    if (!result || !*result) {
      continue;
    }
    EXPECT_EQ(walk(**result).value(), *before);
    Request request;
    if (request.ParseFromString(bytes)) {
      EXPECT_TRUE(MessageDifferencer::Equals(parsed(**result), expected(request, kCluster)));
    }
  }
}

}  // namespace
}  // namespace dualtrace::agent
