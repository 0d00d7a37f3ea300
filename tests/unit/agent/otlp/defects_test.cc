// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/defects.h"

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <functional>

#include "agent/otlp/split.h"
#include "agent/otlp/walk.h"
#include "tests/unit/agent/otlp/requests.h"

namespace dualtrace::agent {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// protobuf refuses to serialize a string that is not UTF-8, but allows the same bytes in an unknown
// field of the same number.
void add_bytes(google::protobuf::UnknownFieldSet& fields, int number, const std::string& bytes) {
  fields.AddLengthDelimited(number, bytes);
}
template <typename Message>
google::protobuf::UnknownFieldSet& unknown(Message& message) {
  return *Message::GetReflection()->MutableUnknownFields(&message);
}

// The defect of the changed span, the middle one of three; "" if there is none.
std::string defect_of(const std::function<void(Span&)>& change) {
  Request request = plain_request(3);
  change(*request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(1));
  const std::vector<SpanDefect> defects = find_defects(request.SerializeAsString());
  if (defects.empty()) return "";
  EXPECT_EQ(defects.size(), 1);
  EXPECT_EQ(defects[0].ordinal, 1);
  return defects[0].what;
}

// The defects of all spans of a request whose only resource was changed.
std::vector<SpanDefect> defects_of(const std::function<void(ResourceSpans&)>& change) {
  Request request = plain_request(2);
  change(*request.mutable_resource_spans(0));
  fill_span(*add_scope(*request.add_resource_spans(), "well").add_spans(), 2, 1);
  return find_defects(request.SerializeAsString());
}

const std::string kBad = "half \xc3";

TEST(FindDefects, FindsNoneInWhatSdksSend) {
  EXPECT_THAT(find_defects(plain_request(100).SerializeAsString()), IsEmpty());
  EXPECT_THAT(find_defects(""), IsEmpty());
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    EXPECT_THAT(find_defects(random_request(random).SerializeAsString()), IsEmpty());
  }
}

TEST(FindDefects, FindsTextThatIsNotUtf8WhereverItStands) {
  EXPECT_EQ(defect_of([](Span& span) { add_bytes(unknown(span), 5, kBad); }),
            "span name is not valid UTF-8");
  EXPECT_EQ(defect_of([](Span& span) { add_bytes(unknown(span), 3, kBad); }),
            "span trace_state is not valid UTF-8");
  EXPECT_EQ(defect_of([](Span& span) { add_bytes(unknown(*span.add_attributes()), 1, kBad); }),
            "span attributes.key is not valid UTF-8");
  EXPECT_EQ(defect_of([](Span& span) {
              add_bytes(unknown(*span.add_attributes()->mutable_value()), 1, kBad);
            }),
            "span attributes.value.string_value is not valid UTF-8");
  EXPECT_EQ(defect_of([](Span& span) {
              auto& list = *span.add_attributes()->mutable_value()->mutable_array_value();
              auto& map = *list.add_values()->mutable_kvlist_value();
              add_bytes(unknown(*map.add_values()), 1, kBad);
            }),
            "span attributes.value.array_value.values.kvlist_value.values.key is not valid UTF-8");
  EXPECT_EQ(defect_of([](Span& span) { add_bytes(unknown(*span.add_events()), 2, kBad); }),
            "span events.name is not valid UTF-8");
  EXPECT_EQ(defect_of([](Span& span) { add_bytes(unknown(*span.add_links()), 3, kBad); }),
            "span links.trace_state is not valid UTF-8");
  EXPECT_EQ(defect_of([](Span& span) { add_bytes(unknown(*span.mutable_status()), 2, kBad); }),
            "span status.message is not valid UTF-8");
}

TEST(FindDefects, KnowsWhatUtf8Is) {
  const auto name = [](const std::string& text) {
    return defect_of([&text](Span& span) { add_bytes(unknown(span), 5, text); });
  };
  EXPECT_EQ(name("Gr\u00fc\u00dfe \U0001f600"), "");
  EXPECT_EQ(name("a zero \0 byte"s), "");
  EXPECT_NE(name("\xed\xa0\xbd"), "");      // half of a surrogate pair
  EXPECT_NE(name("\xc0\x80"), "");          // overlong
  EXPECT_NE(name("\xf4\x90\x80\x80"), "");  // above U+10FFFF
  EXPECT_NE(name("\xfe"), "");
}

TEST(FindDefects, LetsBytesBeBytes) {
  EXPECT_EQ(
      defect_of([](Span& span) { span.add_attributes()->mutable_value()->set_bytes_value(kBad); }),
      "");
}

TEST(FindDefects, ChecksTheIds) {
  EXPECT_EQ(defect_of([](Span& span) { span.set_trace_id("short"); }),
            "span trace_id has 5 bytes, not 16");
  EXPECT_EQ(defect_of([](Span& span) { span.clear_trace_id(); }),
            "span trace_id has 0 bytes, not 16");
  EXPECT_EQ(defect_of([](Span& span) { span.set_trace_id(std::string(16, 0)); }),
            "span trace_id is all zeros");
  EXPECT_EQ(defect_of([](Span& span) { span.set_span_id("sixteen bytes, oh"); }),
            "span span_id has 17 bytes, not 8");
  EXPECT_EQ(defect_of([](Span& span) { span.set_span_id(std::string(8, 0)); }),
            "span span_id is all zeros");
  EXPECT_EQ(defect_of([](Span& span) { span.set_parent_span_id("four"); }),
            "span parent_span_id has 4 bytes, not 8");
  EXPECT_EQ(defect_of([](Span& span) { span.set_parent_span_id(std::string(8, 0)); }), "");
  EXPECT_EQ(defect_of([](Span& span) { span.add_links()->set_trace_id("short"); }),
            "span links.trace_id has 5 bytes, not 16");
  EXPECT_EQ(defect_of([](Span& span) { span.add_links()->set_span_id("short"); }),
            "span links.span_id has 5 bytes, not 8");
  EXPECT_EQ(defect_of([](Span& span) { span.add_links(); }), "");
}

TEST(FindDefects, TakesTheLastIdAsProtobufDoes) {
  EXPECT_EQ(defect_of([](Span& span) {
              span.set_trace_id("short");
              add_bytes(unknown(span), 1, "fedcba9876543210");
            }),
            "");
}

TEST(FindDefects, FindsBytesThatAreNoProtobuf) {
  EXPECT_THAT(defect_of([](Span& span) { add_bytes(unknown(span), 9, "\x0a\x7fkey"); }),
              HasSubstr("span attributes is not valid protobuf: cut short"));
  EXPECT_EQ(defect_of([](Span& span) { unknown(span).AddVarint(7, 1); }),
            "span start_time_unix_nano has the wrong wire type");
  EXPECT_EQ(defect_of([](Span& span) { unknown(span).AddVarint(5, 1); }),
            "span name has the wrong wire type");
  EXPECT_EQ(defect_of([](Span& span) { unknown(*span.add_events()).AddFixed32(1, 1); }),
            "span events.time_unix_nano has the wrong wire type");
  EXPECT_EQ(find_defects("\x0a\x06\x12\x04\x12\x02\x0a\x05")[0].what,
            "span is not valid protobuf: cut short");
}

TEST(FindDefects, PassesOverUnknownFields) {
  EXPECT_EQ(defect_of([](Span& span) {
              add_bytes(unknown(span), 99, kBad);
              unknown(*span.add_events()).AddGroup(98)->AddFixed32(1, 1);
            }),
            "");
}

TEST(FindDefects, CondemnsAllSpansOfAResourceOrAScope) {
  const auto all = [](const std::string& what) {
    return ElementsAre(SpanDefect{0, what}, SpanDefect{1, what});
  };
  EXPECT_THAT(defects_of([](ResourceSpans& resource) {
                add_bytes(unknown(*resource.mutable_resource()->add_attributes()), 1, kBad);
              }),
              all("resource attributes.key is not valid UTF-8"));
  EXPECT_THAT(defects_of([](ResourceSpans& resource) {
                add_bytes(unknown(*resource.mutable_resource()->add_entity_refs()), 3, kBad);
              }),
              all("resource entity_refs.id_keys is not valid UTF-8"));
  // On the wire, the bad field follows the spans.
  EXPECT_THAT(defects_of([](ResourceSpans& resource) { add_bytes(unknown(resource), 3, kBad); }),
              all("schema_url of the resource is not valid UTF-8"));
  EXPECT_THAT(defects_of([](ResourceSpans& resource) {
                add_bytes(unknown(*resource.mutable_scope_spans(0)->mutable_scope()), 2, kBad);
              }),
              all("scope version is not valid UTF-8"));
  EXPECT_THAT(defects_of([](ResourceSpans& resource) {
                add_bytes(unknown(*resource.mutable_scope_spans(0)), 3, kBad);
              }),
              all("schema_url of the scope is not valid UTF-8"));
  EXPECT_THAT(
      defects_of([](ResourceSpans& resource) { add_bytes(unknown(resource), 1, "\x0a\x7f"); }),
      all("resource is not valid protobuf: cut short"));
}

TEST(FindDefects, BoundsTheDepth) {
  const auto nested = [](int depth) {
    return defect_of([depth](Span& span) {
      auto* value = span.add_attributes()->mutable_value();
      for (int level = 0; level < depth; ++level) {
        value = value->mutable_array_value()->add_values();
      }
      value->set_string_value("deep");
    });
  };
  EXPECT_EQ(nested(47), "");
  EXPECT_THAT(nested(48), HasSubstr("nested too deeply"));
}

// Cross-check with protobuf: it must accept the request without the spans at fault.
TEST(FindDefects, ExplainsAllThatProtobufRefuses) {
  google::protobuf::LogSilencer silence;
  std::mt19937 random(12);
  int refused = 0;
  for (int round = 0; round < 6'000; ++round) {
    const std::string bytes = mutate(random_request(random).SerializeAsString(), random);
    if (!walk(bytes)) continue;
    std::vector<uint32_t> ordinals;
    for (const SpanDefect& defect : find_defects(bytes)) ordinals.push_back(defect.ordinal);
    const Separated separated = separate(bytes, ordinals).value();
    EXPECT_EQ(separated.taken_spans, ordinals.size());
    EXPECT_TRUE(Request().ParseFromString(separated.kept));
    refused += Request().ParseFromString(bytes) ? 0 : 1;
  }
  EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace dualtrace::agent
