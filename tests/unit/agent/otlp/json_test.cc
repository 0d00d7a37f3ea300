// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include "tests/unit/agent/otlp/requests.h"

namespace dualtrace::agent {
namespace {

using ::testing::HasSubstr;

std::string around_span(const std::string& members) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"first"},{)" + members + "}]}]}]}";
}

Request decoded(const std::string& json) {
  const Result<std::string> bytes = protobuf_from_json(json);
  EXPECT_TRUE(bytes.has_value()) << (bytes ? "" : bytes.error().message);
  Request request;
  EXPECT_TRUE(bytes && request.ParseFromString(*bytes));
  return request;
}

Span decoded_span(const std::string& members) {
  return decoded(around_span(members)).resource_spans(0).scope_spans(0).spans(1);
}

std::string fault(const std::string& json) {
  const Result<std::string> result = protobuf_from_json(json);
  if (result) {
    return "no fault";
  }
  EXPECT_EQ(result.error().kind, ErrorKind::kInvalid);
  return result.error().message;
}

TEST(OtlpJson, DecodesAWholeRequest) {
  std::ifstream file(DUALTRACE_TEST_DATA "/otlp/chat.json");
  ASSERT_TRUE(file.good());
  const Request request = decoded(std::string(std::istreambuf_iterator<char>(file), {}));
  ASSERT_EQ(request.resource_spans_size(), 1);
  const ResourceSpans& resource = request.resource_spans(0);
  EXPECT_EQ(resource.resource().attributes(1).value().int_value(), 4711);
  const ScopeSpans& scope = resource.scope_spans(0);
  EXPECT_EQ(scope.schema_url(), "https://opentelemetry.io/schemas/1.30.0");
  ASSERT_EQ(scope.spans_size(), 2);
  const Span& span = scope.spans(0);
  EXPECT_EQ(span.trace_id(), "\x5B\x8E\xFF\xF7\x98\x03\x81\x03\xD2\x69\xB6\x33\x81\x3F\xC6\x0C");
  EXPECT_EQ(span.span_id(), "\xee\xe1\x9b\x7e\xc3\xc1\xb1\x74");
  EXPECT_EQ(span.parent_span_id(), "");
  EXPECT_EQ(span.flags(), 257);
  EXPECT_EQ(span.kind(), Span::SPAN_KIND_SERVER);
  EXPECT_EQ(span.start_time_unix_nano(), 1767225600000000001);
  EXPECT_EQ(span.end_time_unix_nano(), 1767225601000000002);
  EXPECT_EQ(span.attributes(4).value().bytes_value(), "\x01\x02\x03\xff");
  EXPECT_EQ(span.attributes(5).value().array_value().values(0).string_value(), "é");
  EXPECT_EQ(span.events(0).name(), "first token");
  EXPECT_EQ(span.links(0).span_id(), std::string("\0\1\2\3\4\5\6\7", 8));
  EXPECT_EQ(span.status().code(), opentelemetry::proto::trace::v1::Status::STATUS_CODE_OK);
  EXPECT_EQ(scope.spans(1).parent_span_id(), span.span_id());
  EXPECT_EQ(scope.spans(1).trace_id(), span.trace_id());
}

TEST(OtlpJson, DecodesAnEmptyRequest) {
  EXPECT_EQ(protobuf_from_json("{}").value(), "");
  EXPECT_EQ(protobuf_from_json(R"({"resourceSpans":null})").value(), "");
}

TEST(OtlpJson, IgnoresUnknownFieldsAtEveryLevel) {
  const Request request = decoded(
      R"({"x":1,"resourceSpans":[{"x":{},"resource":{"x":[1]},"scopeSpans":[{"x":null,"scope":{"x":1},)"
      R"("spans":[{"x":[[{}]],"name":"kept","events":[{"x":1}],"links":[{"x":1}],"status":{"x":1},)"
      R"("attributes":[{"x":1,"key":"k","value":{"x":2}}]}]}]}]})");
  EXPECT_EQ(request.resource_spans(0).scope_spans(0).spans(0).name(), "kept");
}

TEST(OtlpJson, NamesTheSpanWhoseIdIsWrong) {
  EXPECT_EQ(fault(around_span(R"("traceId":"zz8efff798038103d269b633813fc60c")")),
            "json: resourceSpans[0].scopeSpans[0].spans[1].traceId: not 32 hex digits");
  EXPECT_EQ(fault(around_span(R"("spanId":"")")),
            "json: resourceSpans[0].scopeSpans[0].spans[1].spanId: not 16 hex digits");
  EXPECT_EQ(fault(around_span(R"("links":[{},{"spanId":"00010203"}])")),
            "json: resourceSpans[0].scopeSpans[0].spans[1].links[1].spanId: not 16 hex digits");
}

TEST(OtlpJson, RefusesIdsThatAreNotHexOfTheRightLength) {
  const std::string hex = "5b8efff798038103d269b633813fc60c5b8efff7";
  for (size_t digits = 1; digits <= hex.size(); ++digits) {
    const std::string quoted = "\"" + hex.substr(0, digits) + "\"";
    EXPECT_EQ(fault(around_span("\"traceId\":" + quoted)) == "no fault", digits == 32) << digits;
    EXPECT_EQ(fault(around_span("\"parentSpanId\":" + quoted)) == "no fault", digits == 16);
  }
  for (const char wrong : {'g', 'G', 'z', '+', '/', '-', '_', ' ', '='}) {
    std::string id = hex.substr(0, 16);
    for (size_t at = 0; at < id.size(); ++at) {
      std::string changed = id;
      changed[at] = wrong;
      EXPECT_NE(fault(around_span("\"spanId\":\"" + changed + "\"")), "no fault") << changed;
    }
  }
}

TEST(OtlpJson, TakesEveryHexDigit) {
  const std::string id = decoded_span(R"("traceId":"0123456789abcdefABCDEF0123456789")").trace_id();
  EXPECT_EQ(id, "\x01\x23\x45\x67\x89\xab\xcd\xef\xAB\xCD\xEF\x01\x23\x45\x67\x89");
}

TEST(OtlpJson, TakesEnumsAsIntegersAndForgivesTheirFullNames) {
  EXPECT_EQ(decoded_span(R"("kind":2)").kind(), Span::SPAN_KIND_SERVER);
  EXPECT_EQ(decoded_span(R"("kind":"2")").kind(), Span::SPAN_KIND_SERVER);
  EXPECT_EQ(decoded_span(R"("kind":99)").kind(), 99);
  // The specification forbids enum names, but protobuf's own JSON mapping writes these.
  EXPECT_EQ(decoded_span(R"("kind":"SPAN_KIND_SERVER")").kind(), Span::SPAN_KIND_SERVER);
}

TEST(OtlpJson, RefusesOtherNamesOfEnums) {
  EXPECT_EQ(fault(around_span(R"("kind":"SERVER")")),
            "json: resourceSpans[0].scopeSpans[0].spans[1].kind: not one of 0 "
            "(SPAN_KIND_UNSPECIFIED), 1 (SPAN_KIND_INTERNAL), 2 (SPAN_KIND_SERVER), 3 "
            "(SPAN_KIND_CLIENT), 4 (SPAN_KIND_PRODUCER), 5 (SPAN_KIND_CONSUMER)");
  EXPECT_THAT(fault(around_span(R"("status":{"code":"ERROR"})")),
              HasSubstr("spans[1].status.code: not one of 0 (STATUS_CODE_UNSET), 1"));
  for (const char* text : {"\"\"", "\"server\"", "-1", "1.5", "true", "[2]", "{}", "2147483648"}) {
    EXPECT_THAT(fault(around_span(R"("kind":)" + std::string(text))),
                HasSubstr("spans[1].kind: not one of 0 "))
        << text;
  }
}

TEST(OtlpJson, TakesSnakeCaseKeysToo) {
  EXPECT_EQ(decoded_span(R"("span_id":"eee19b7ec3c1b174","start_time_unix_nano":"5")").span_id(),
            "\xee\xe1\x9b\x7e\xc3\xc1\xb1\x74");
}

TEST(OtlpJson, Takes64BitIntegersAsNumbersAndStrings) {
  const Span span = decoded_span(
      R"("startTimeUnixNano":"18446744073709551615","endTimeUnixNano":18446744073709551615)");
  EXPECT_EQ(span.start_time_unix_nano(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(span.end_time_unix_nano(), std::numeric_limits<uint64_t>::max());
  EXPECT_THAT(fault(around_span(R"("startTimeUnixNano":-1)")),
              HasSubstr("spans[1].startTimeUnixNano: not a 64-bit integer"));
  EXPECT_THAT(fault(around_span(R"("startTimeUnixNano":"soon")")), HasSubstr("spans[1]"));
}

TEST(OtlpJson, TakesIntegersInEveryFormOfTheirRange) {
  const auto value = [](const std::string& text) {
    return R"("attributes":[{"value":{"intValue":)" + text + "}}]";
  };
  const std::pair<const char*, int64_t> good[] = {
      {"-1", -1},
      {"\"-9223372036854775808\"", std::numeric_limits<int64_t>::min()},
      {"9223372036854775807", std::numeric_limits<int64_t>::max()},
      {"1.0", 1},
      {"-2e3", -2000},
      {"-0.0", 0},
      {"-0", 0},
      {"0e999999999999999999999", 0},
      {"1E+3", 1000},
      {"12300e-2", 123},
      {"9007199254740993.0", 9007199254740993},  // not representable as a double
      {"0.9223372036854775807e19", std::numeric_limits<int64_t>::max()},
      {"-9223372036854775808.000", std::numeric_limits<int64_t>::min()},
      {"\"1.0\"", 1},
      {"\"2e3\"", 2000}};
  for (const auto& [text, number] : good) {
    EXPECT_EQ(decoded_span(value(text)).attributes(0).value().int_value(), number) << text;
  }
  for (const char* text : {"1.5", "1e19", "9223372036854775808", "\"\"", "\"1 \"", "\"0x1\"",
                           "true", "[1]", "{}", "\"1.5\"", "1e-1", "1e999999999999999999999",
                           "100000000000000000000", "-9223372036854775809"}) {
    EXPECT_THAT(fault(around_span(value(text))),
                HasSubstr("attributes[0].value.intValue: not a 64-bit integer"))
        << text;
  }
  EXPECT_EQ(decoded_span(R"("flags":4294967295)").flags(), 4294967295u);
  EXPECT_THAT(fault(around_span(R"("flags":4294967296)")), HasSubstr("flags: not a 32-bit"));
  EXPECT_THAT(fault(around_span(R"("droppedLinksCount":-1)")), HasSubstr("not a 32-bit"));
  EXPECT_THAT(fault(around_span(R"("kind":2147483648)")), HasSubstr("kind: not one of"));
}

TEST(OtlpJson, TakesBothAlphabetsOfBase64WithAndWithoutPadding) {
  const auto bytes = [](const std::string& text) {
    return decoded_span(R"("attributes":[{"value":{"bytesValue":")" + text + "\"}}]")
        .attributes(0)
        .value()
        .bytes_value();
  };
  EXPECT_EQ(bytes(""), "");
  EXPECT_EQ(bytes("+/8="), "\xfb\xff");
  EXPECT_EQ(bytes("-_8"), "\xfb\xff");
  EXPECT_EQ(bytes("YWJj"), "abc");
  for (const char* text : {"\"a\"", "\"YWJj!\"", "\"a=\"", "5", "[]"}) {
    EXPECT_THAT(
        fault(around_span(R"("attributes":[{"value":{"bytesValue":)" + std::string(text) + "}}]")),
        HasSubstr("bytesValue: not base64"))
        << text;
  }
}

TEST(OtlpJson, NamesThePlaceOfAWrongType) {
  const std::pair<const char*, const char*> faults[] = {
      {R"("name":5)", "name: not a string"},
      {R"("events":{})", "events: not an array"},
      {R"("events":[{},null])", "events[1]: not an object"},
      {R"("status":[])", "status: not an object"},
      {R"("attributes":[{"value":{"boolValue":1}}])", "attributes[0].value.boolValue: not true or"},
      {R"("attributes":[{"value":{"doubleValue":"1x"}}])",
       "attributes[0].value.doubleValue: not a number"}};
  for (const auto& [members, text] : faults) {
    EXPECT_THAT(fault(around_span(members)),
                HasSubstr("resourceSpans[0].scopeSpans[0].spans[1]." + std::string(text)));
  }
}

TEST(OtlpJson, WritesLengthsOfEverySize) {
  for (const size_t size : {0, 100, 120, 127, 128, 16'000, 16'383, 16'384, 2'100'000}) {
    const std::string name(size, 'n');
    EXPECT_EQ(decoded_span("\"name\":\"" + name + "\"").name(), name) << size;
  }
}

TEST(OtlpJson, TakesDoublesThatAreNoNumbers) {
  const Span span = decoded_span(
      R"("attributes":[{"key":"a","value":{"doubleValue":"NaN"}},{"value":{"doubleValue":"-Infinity"}}])");
  EXPECT_TRUE(std::isnan(span.attributes(0).value().double_value()));
  EXPECT_TRUE(std::isinf(span.attributes(1).value().double_value()));
}

TEST(OtlpJson, TakesEveryNumberAsADouble) {
  const auto value = [](const std::string& text) {
    return decoded_span(R"("attributes":[{"value":{"doubleValue":)" + text + "}}]")
        .attributes(0)
        .value()
        .double_value();
  };
  const double infinity = std::numeric_limits<double>::infinity();
  const std::pair<const char*, double> numbers[] = {
      {"1", 1},
      {"100000000000000000000", 1e20},  // the Collector's notation for 1e20
      {"-57783588950605040000", -57783588950605040000.0},
      {"18446744073709551616", 18446744073709551616.0},
      {"1.5e-7", 1.5e-7},
      {"4.9e-324", 4.9e-324},
      {"1e-999", 0},
      {"1e999", infinity},
      {"-1e999", -infinity},
      {"\"-2.5\"", -2.5},
      {"\"1e20\"", 1e20},
      {"\"Infinity\"", infinity}};
  for (const auto& [text, number] : numbers) EXPECT_EQ(value(text), number) << text;
  EXPECT_EQ(value(std::string(400, '9')), infinity);
  EXPECT_EQ(value("0." + std::string(400, '0') + "1e401"), 1);
  for (const char* zero : {"-0", "-0.0", "\"-0\"", "-1e-999"}) {
    EXPECT_EQ(value(zero), 0) << zero;
    EXPECT_TRUE(std::signbit(value(zero))) << zero;
  }
}

TEST(OtlpJson, PassesOverUnknownValuesOfEveryForm) {
  for (const char* text : {"100000000000000000000", "-1e-999", "1e999", "[1,[],{}]", "null",
                           "{\"a\":[\"\\ud83d\"]}", "true", "\"\\udc00\""}) {
    EXPECT_EQ(decoded_span(R"("new":)" + std::string(text) + R"(,"name":"n")").name(), "n") << text;
  }
}

TEST(OtlpJson, MakesAReplacementOfHalfAPair) {
  const auto name = [](const std::string& text) {
    return decoded_span(R"("name":")" + text + "\"").name();
  };
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ(name(R"(\ud83d\ude00)"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(name(R"(cut \ud83d)"), "cut " + mark);
  EXPECT_EQ(name(R"(\ude00 cut)"), mark + " cut");
  EXPECT_EQ(name(R"(\ud83d\ud83d\ude00)"), mark + "\xf0\x9f\x98\x80");
  EXPECT_EQ(name(R"(\ude00\ud83d)"), mark + mark);
  EXPECT_EQ(name(R"(\uD83D\n\u00e9)"), mark + "\n\xc3\xa9");
  EXPECT_EQ(name(R"(\ud83dA)"), mark + "A");
  EXPECT_EQ(decoded_span(R"("attributes":[{"key":"\ud83d","value":{}}])").attributes(0).key(),
            mark);
  // This also holds for an unknown key of the JSON text itself.
  EXPECT_EQ(decoded_span(R"("\ud83d":1,"n\u0061me":"n")").name(), "n");
}

TEST(OtlpJson, ReadsEveryEscape) {
  EXPECT_EQ(decoded_span(R"("name":"\"\\\/\b\f\n\r\t\u0000\u00E9\u20ac")").name(),
            std::string("\"\\/\b\f\n\r\t\0\xc3\xa9\xe2\x82\xac", 14));
  for (const char* text : {"\\x", "\\u12", "\\u12g4", "\\", "\n", "\x01", "\\ud83d\\u12", "\xc3",
                           "\xed\xa0\xbd", "\xc3\\u00a9"}) {
    EXPECT_THAT(fault(around_span(R"("name":")" + std::string(text) + "\"")),
                HasSubstr("json: resourceSpans[0].scopeSpans[0].spans[1].name: "))
        << text;
  }
}

TEST(OtlpJson, TakesEmptyIdsWhereNoIdIsNeeded) {
  const Span span = decoded_span(
      R"("parentSpanId":"","links":[{"traceId":"","spanId":"","attributes":[{"key":"k"}]}])");
  EXPECT_EQ(span.parent_span_id(), "");
  EXPECT_EQ(span.links(0).trace_id(), "");
  EXPECT_EQ(span.links(0).attributes(0).key(), "k");
  EXPECT_THAT(fault(around_span(R"("traceId":"")")), HasSubstr("spans[1].traceId: not 32"));
}

TEST(OtlpJson, TakesSpansAsClientsBefore2022WroteThem) {
  const Request request = decoded(
      R"({"resourceSpans":[{"instrumentationLibrarySpans":[)"
      R"({"instrumentationLibrary":{"name":"old","version":"1"},"spans":[{"name":"kept"}]}]}]})");
  const ScopeSpans& scope = request.resource_spans(0).scope_spans(0);
  EXPECT_EQ(scope.scope().name(), "old");
  EXPECT_EQ(scope.spans(0).name(), "kept");
}

TEST(OtlpJson, RefusesExportsOfOtherSignals) {
  EXPECT_EQ(fault(R"({"resourceMetrics":[{}]})"),
            "json: this is an export of metrics; this endpoint accepts only traces");
  EXPECT_THAT(fault(R"({"resource_logs":[]})"), HasSubstr("export of logs"));
  EXPECT_THAT(fault(R"({"resourceSpans":[],"resourceProfiles":[]})"), HasSubstr("of profiles"));
  EXPECT_EQ(protobuf_from_json(R"({"resourceLogs":null})").value(), "");
}

TEST(OtlpJson, NamesThePlaceOfWhatIsNoJson) {
  EXPECT_EQ(fault(R"({"resourceSpans":[{},{"scopeSpans":[{"spans":[{"name":"a"]}]}]})"),
            "json: resourceSpans[1].scopeSpans[0].spans[0]: not JSON at offset 57");
  EXPECT_EQ(fault(R"({"resourceSpans":[{"schemaUrl":"a)"),
            "json: resourceSpans[0].schemaUrl: cut short at offset 33");
  EXPECT_EQ(fault("{} x"), "json: more than one JSON value at offset 3");
}

// The wire format is never larger than the JSON text, so the intake reserves no more memory.
TEST(OtlpJson, NeedsNoMoreMemoryThanTheText) {
  for (const std::string& text :
       {around_span(R"("kind":2147483647,"kind":1,"links":[{},{},{}],"flags":1)"),
        around_span(R"("attributes":[{"value":{"doubleValue":1}},{"value":{"intValue":-1}}])")}) {
    const std::string bytes = protobuf_from_json(text).value();
    EXPECT_LE(bytes.size(), text.size());
    EXPECT_LE(bytes.capacity(), text.size());
  }
}

// simdjson is a second opinion on what JSON is. It rejects lone surrogates and large integers.
TEST(OtlpJson, AgreesWithAnotherParser) {
  std::mt19937 random(13);
  simdjson::dom::parser parser;
  int good = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::string text = R"({"a":[1,-2.5e3,true,null,{"b\n":"\u00e9\"x"},[]],"name":"é","c":{}})";
    if (round % 8 != 0) text = mutate(std::move(text), random);
    if (text.empty()) continue;
    const bool is_object = text[text.find_first_not_of(" \t\n\r") % text.size()] == '{';
    const bool taken = parser.parse(text).error() == simdjson::SUCCESS && is_object;
    const bool own = fault(text) == "no fault";
    const bool may_differ = text.find("\\u") != std::string::npos ||
                            text.find_first_of("0123456789") != std::string::npos;
    EXPECT_TRUE(own == taken || (own && may_differ)) << text;
    good += taken ? 1 : 0;
  }
  EXPECT_GT(good, 200);
}

TEST(OtlpJson, LetsTheLastOfDuplicateKeysCount) {
  EXPECT_EQ(decoded_span(R"("name":"a","name":"b")").name(), "b");
  EXPECT_THAT(fault(around_span(R"("attributes":[{"value":{"stringValue":"a","intValue":1}}])")),
              HasSubstr("oneof"));
}

TEST(OtlpJson, RefusesWhatIsNotARequest) {
  const std::string texts[] = {"",
                               " ",
                               "[]",
                               "null",
                               "1",
                               "{} x",
                               R"({"resourceSpans":[1]})",
                               R"({"resourceSpans":)",
                               "{",
                               "{'a':1}",
                               "{\"a\":01}",
                               "{\"a\":1,}",
                               "\xef\xbb\xbf{}x",
                               "\"a",
                               "{]}",
                               "}",
                               "[}{",
                               "\xff",
                               "{\"a\":\"\xff\"}"};
  for (const std::string& text : texts) {
    EXPECT_THAT(fault(text), HasSubstr("json: ")) << text;
  }
}

TEST(OtlpJson, BoundsTheDepth) {
  const auto nested = [](const std::string& open, const std::string& close, size_t depth) {
    std::string text = R"({"resourceSpans":)";
    for (size_t level = 0; level < depth; ++level) text += open;
    text += "1";
    for (size_t level = 0; level < depth; ++level) text += close;
    return text + "}";
  };
  const auto unknown = [&nested](const std::string& open, const std::string& close, size_t depth) {
    return fault(R"({"unknown":)" + nested(open, close, depth) + "}");
  };
  EXPECT_EQ(fault(nested("[", "]", 1'000'000)), "json: resourceSpans[0]: not an object");
  EXPECT_EQ(unknown("[", "]", 1'000'000), "json: nested too deeply");
  EXPECT_EQ(unknown(R"({"a":)", "}", 1'000'000), "json: nested too deeply");
  EXPECT_EQ(unknown(R"({"a":)", "}", 300), "json: nested too deeply");
  EXPECT_EQ(unknown("[", "]", 250), "no fault");
  const auto values = [](size_t depth) {
    std::string value = R"({"boolValue":true})";
    for (; depth > 0; --depth) value = R"({"arrayValue":{"values":[)" + value + "]}}";
    return around_span(R"("attributes":[{"value":)" + value + "}]");
  };
  EXPECT_EQ(fault(values(40)), "no fault");  // 86 nested messages, of at most 100
  const std::string deep = fault(values(60));
  EXPECT_TRUE(deep.starts_with("json: resourceSpans[0].scopeSpans[0].spans[1]")) << deep;
  EXPECT_TRUE(deep.ends_with("arrayValue.values[0]: nested too deeply")) << deep;
  EXPECT_LT(deep.size(), 700);
  const std::string brackets(1'000, '[');
  EXPECT_EQ(decoded_span("\"name\":\"" + brackets + "\\\"[\"").name(), brackets + "\"[");
}

TEST(OtlpJson, AnswersInOneLineOfPlainText) {
  const std::string message = fault("{\"a\":\n\n \xc3\xa9 }\n" + std::string(5'000, 'x'));
  EXPECT_LT(message.size(), 250);
  EXPECT_EQ(message.find_first_of("\n\xc3\xa9"), std::string::npos);
}

}  // namespace
}  // namespace dualtrace::agent
