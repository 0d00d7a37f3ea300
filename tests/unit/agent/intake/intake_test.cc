// SPDX-License-Identifier: Apache-2.0
#include "agent/intake/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <optional>

#include "common/compress/gzip.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/fakes/fake_journal.h"

namespace dualtrace::agent {
namespace {

using ::testing::HasSubstr;
using Request = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

const ResourceAddition kProject = {
    .add = {{"model_id", "agents"}}, .unless_resource_has = {"model_id"}, .unless_spans_have = {}};

std::string request_of(int spans, size_t name_bytes = 10) {
  Request request;
  auto& scope = *request.add_resource_spans()->add_scope_spans();
  for (int count = 0; count < spans; ++count) {
    auto& span = *scope.add_spans();
    span.set_trace_id("\x01 23456789abcdef");
    span.set_span_id("\x02 234567");
    span.set_name(std::string(name_bytes, 'n'));
  }
  return request.SerializeAsString();
}

class IntakeTest : public ::testing::Test {
 protected:
  // The answer, or nullopt if it is still pending.
  std::optional<Status> accept(std::string body, BodyFormat format = BodyFormat::kProtobuf,
                               BodyEncoding encoding = BodyEncoding::kIdentity) {
    JournalIntake intake(options, admission, journal, metrics);
    intake.set_additions(additions);
    Ticket ticket = intake.admit(body.size()).value();
    auto answers = std::make_shared<std::vector<Status>>();
    intake.accept({.body = std::move(body),
                   .format = format,
                   .encoding = encoding,
                   .ticket = std::move(ticket)},
                  [answers](const Status& status) { answers->push_back(status); });
    EXPECT_LE(answers->size(), 1);
    return answers->empty() ? std::nullopt : std::optional(answers->front());
  }

  ErrorKind refusal(std::string body, BodyFormat format = BodyFormat::kProtobuf,
                    BodyEncoding encoding = BodyEncoding::kIdentity) {
    const std::optional<Status> status = accept(std::move(body), format, encoding);
    EXPECT_TRUE(status.has_value() && !status->has_value());
    EXPECT_EQ(admission.bytes_admitted(), 0);
    return status->error().kind;
  }

  JournalIntake::Options options;
  std::vector<ResourceAddition> additions;
  Admission admission{32 * 1024 * 1024};
  FakeJournal journal;
  MetricRegistry metrics;
};

TEST_F(IntakeTest, StoresARequestAsItCame) {
  EXPECT_TRUE(accept(request_of(3)).value());
  ASSERT_EQ(journal.records.size(), 1);
  EXPECT_EQ(journal.records[0].payload, request_of(3));
  EXPECT_EQ(journal.records[0].spans, 3);
  EXPECT_THAT(metrics.text(), HasSubstr("dualtrace_intake_spans_total 3"));
}

TEST_F(IntakeTest, StoresTheInflatedRequest) {
  EXPECT_TRUE(accept(gzip(request_of(300)), BodyFormat::kProtobuf, BodyEncoding::kGzip).value());
  EXPECT_EQ(journal.records.at(0).payload, request_of(300));
}

TEST_F(IntakeTest, StoresJsonAsProtobuf) {
  const std::string json =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01203233343536373839616263646566",)"
      R"("spanId":"0220323334353637","name":"nnnnnnnnnn"}]}]}]})";
  EXPECT_TRUE(accept(gzip(json), BodyFormat::kJson, BodyEncoding::kGzip).value());
  EXPECT_EQ(journal.records.at(0).payload, request_of(1));
  EXPECT_EQ(journal.records.at(0).spans, 1);
}

TEST_F(IntakeTest, AddsTheConfiguredAttributes) {
  additions = {kProject};
  EXPECT_TRUE(accept(request_of(1)).value());
  EXPECT_THAT(journal.records.at(0).payload, HasSubstr("model_id"));
  EXPECT_EQ(journal.records.at(0).spans, 1);
}

TEST_F(IntakeTest, AnswersAnEmptyRequestWithoutStoringIt) {
  EXPECT_TRUE(accept("").value());
  EXPECT_TRUE(accept(std::string("\x0a\x00", 2)).value());
  EXPECT_TRUE(accept("{}", BodyFormat::kJson).value());
  EXPECT_TRUE(journal.records.empty());
}

TEST_F(IntakeTest, RefusesBadData) {
  EXPECT_EQ(refusal("not protobuf"), ErrorKind::kInvalid);
  EXPECT_EQ(refusal("not json", BodyFormat::kJson), ErrorKind::kInvalid);
  EXPECT_EQ(refusal("not gzip", BodyFormat::kProtobuf, BodyEncoding::kGzip), ErrorKind::kInvalid);
  EXPECT_TRUE(journal.records.empty());
  EXPECT_THAT(metrics.text(), HasSubstr("dualtrace_intake_refused_total{reason=\"invalid\"} 3"));
}

TEST_F(IntakeTest, StopsABombAtTheLimit) {
  options.request_bytes_max = 1'000'000;
  EXPECT_EQ(
      refusal(gzip(std::string(50'000'000, '\0')), BodyFormat::kProtobuf, BodyEncoding::kGzip),
      ErrorKind::kExhausted);
}

TEST_F(IntakeTest, InflatesNoMoreThanTheBudgetCovers) {
  const std::string large = gzip(request_of(1, 10'000'000));
  const Ticket others = admission.admit(20'000'000).value();
  const std::optional<Status> status = accept(large, BodyFormat::kProtobuf, BodyEncoding::kGzip);
  EXPECT_EQ(status->error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(status->error().retry_after.has_value());
  EXPECT_EQ(admission.bytes_admitted(), 20'000'000);
}

TEST_F(IntakeTest, StoresWhatZstdMade) {
  const std::string body = request_of(300);
  std::string compressed(ZSTD_compressBound(body.size()), '\0');
  compressed.resize(
      ZSTD_compress(compressed.data(), compressed.size(), body.data(), body.size(), 3));
  EXPECT_TRUE(accept(compressed, BodyFormat::kProtobuf, BodyEncoding::kZstd).value());
  EXPECT_EQ(journal.records.at(0).payload, body);
  EXPECT_EQ(refusal("not zstd", BodyFormat::kProtobuf, BodyEncoding::kZstd), ErrorKind::kInvalid);
}

TEST_F(IntakeTest, RefusesAnEmptyBodyThatIsSaidToBeCompressed) {
  EXPECT_EQ(refusal("", BodyFormat::kProtobuf, BodyEncoding::kGzip), ErrorKind::kInvalid);
  EXPECT_EQ(refusal("", BodyFormat::kJson, BodyEncoding::kGzip), ErrorKind::kInvalid);
  EXPECT_EQ(refusal("", BodyFormat::kProtobuf, BodyEncoding::kZstd), ErrorKind::kInvalid);
}

TEST_F(IntakeTest, TakesAsMuchJsonAsProtobuf) {
  const std::string name(15'000'000, 'n');
  const std::string json =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01203233343536373839616263646566",)"
      R"("spanId":"0220323334353637","name":")" +
      name + "\"}]}]}]}";
  EXPECT_TRUE(accept(json, BodyFormat::kJson).value());
  EXPECT_EQ(journal.records.at(0).payload, request_of(1, name.size()));
}

TEST_F(IntakeTest, DecodesNoMoreJsonThanTheBudgetCovers) {
  EXPECT_EQ(refusal(std::string(17'000'000, ' '), BodyFormat::kJson), ErrorKind::kExhausted);
  EXPECT_EQ(refusal(std::string(15'000'000, ' '), BodyFormat::kJson), ErrorKind::kInvalid);
}

TEST_F(IntakeTest, CarriesScopesOfOldClients) {
  std::string body = request_of(2);
  ASSERT_EQ(body.substr(0, 1), "\x0a");
  // Replace the scope's tag with the two bytes of field 1000.
  const std::string resource = "\xc2\x3e" + body.substr(3);
  body = "\x0a" + std::string(1, static_cast<char>(resource.size())) + resource;
  EXPECT_TRUE(accept(body).value());
  Request stored;
  ASSERT_TRUE(stored.ParseFromString(journal.records.at(0).payload));
  EXPECT_EQ(stored.resource_spans(0).scope_spans(0).spans_size(), 2);
  EXPECT_EQ(journal.records.at(0).spans, 2);
  EXPECT_EQ(stored.SerializeAsString(), request_of(2));
}

TEST_F(IntakeTest, RefusesSpansWithoutIds) {
  Request request;
  request.add_resource_spans()->add_scope_spans()->add_spans()->set_name("nobody's");
  EXPECT_EQ(refusal(request.SerializeAsString()), ErrorKind::kInvalid);
}

TEST_F(IntakeTest, KeepsNoUnusedRoomOfARecord) {
  std::string body = request_of(1);
  const size_t size = body.size();
  body.reserve(16 * 1024);
  EXPECT_TRUE(accept(std::move(body)).value());
  EXPECT_LE(journal.records.at(0).payload.capacity(), size + size / 8);
}

TEST_F(IntakeTest, ChargesWhatASmallRequestTrulyCosts) {
  journal.answers_wait = true;
  std::string body = request_of(1);
  const size_t size = body.size();
  EXPECT_EQ(accept(std::move(body)), std::nullopt);
  EXPECT_GE(admission.bytes_admitted(), size + kRequestCostBytes);
  journal.answer_all();
  EXPECT_EQ(admission.bytes_admitted(), 0);
}

TEST_F(IntakeTest, EnrichesNoMoreThanTheBudgetCovers) {
  // Four bytes per resource, each of which would grow by thirty.
  Request request;
  request.add_resource_spans()->add_scope_spans();
  std::string body = request_of(1);
  while (body.size() < 6'000'000) {
    body += request.SerializeAsString();
  }
  EXPECT_TRUE(accept(body).value());
  additions = {kProject};
  EXPECT_EQ(refusal(body), ErrorKind::kExhausted);
}

TEST_F(IntakeTest, RefusesWhatTheJournalCannotHold) {
  options.record_bytes_max = request_of(3).size();
  EXPECT_TRUE(accept(request_of(3)).value());
  EXPECT_EQ(refusal(request_of(4)), ErrorKind::kExhausted);
}

TEST_F(IntakeTest, HoldsTheTicketUntilTheJournalAnswers) {
  journal.answers_wait = true;
  const std::string body = request_of(300);
  EXPECT_EQ(accept(gzip(body), BodyFormat::kProtobuf, BodyEncoding::kGzip), std::nullopt);
  EXPECT_GE(admission.bytes_admitted(), body.size());
  EXPECT_LE(admission.bytes_admitted(), 2 * body.size());
  journal.answer_all();
  EXPECT_EQ(admission.bytes_admitted(), 0);
  EXPECT_THAT(metrics.text(), HasSubstr("dualtrace_intake_spans_total 300"));
}

TEST_F(IntakeTest, PassesTheJournalsRefusalOn) {
  journal.refusal = Error{.kind = ErrorKind::kUnavailable,
                          .message = "the disk is full",
                          .retry_after = std::chrono::seconds(5)};
  const std::optional<Status> status = accept(request_of(2));
  EXPECT_EQ(status->error(), *journal.refusal);
  EXPECT_EQ(admission.bytes_admitted(), 0);
  EXPECT_THAT(metrics.text(),
              HasSubstr("dualtrace_intake_refused_total{reason=\"unavailable\"} 1"));
  EXPECT_THAT(metrics.text(), HasSubstr("dualtrace_intake_spans_total 0"));
}

}  // namespace
}  // namespace dualtrace::agent
