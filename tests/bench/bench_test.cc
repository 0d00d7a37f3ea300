// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "agent/otlp/walk.h"
#include "agent/receive/receiver.h"
#include "common/compress/gzip.h"
#include "common/time/thread_scheduler.h"
#include "tests/bench/connection.h"
#include "tests/bench/content.h"
#include "tests/bench/load.h"
#include "tests/bench/sink_destination.h"
#include "tests/fakes/fake_intake.h"
#include "tests/fakes/test_certificates.h"

namespace dualtrace::bench {
namespace {

using std::chrono::milliseconds;

TEST(SpanIds, TellTheNumberAgain) {
  for (const uint64_t number : {uint64_t{0}, uint64_t{1}, uint64_t{77'777'777}, UINT64_MAX}) {
    const auto id = trace_id_of(number);
    EXPECT_EQ(span_number_of({id.data(), id.size()}), number);
  }
}

TEST(SpanIds, KnowTheIdsOfOthers) {
  EXPECT_FALSE(span_number_of("0123456789abcdef"));
  EXPECT_FALSE(span_number_of("short"));
}

TEST(SpanSet, TellsNewFromAgain) {
  SpanSet set(100);
  EXPECT_EQ(set.add(9), SpanSet::Added::kNew);
  EXPECT_EQ(set.add(9), SpanSet::Added::kAgain);
  EXPECT_EQ(set.add(0), SpanSet::Added::kNew);
  EXPECT_EQ(set.add(100), SpanSet::Added::kTooHigh);
  EXPECT_EQ(set.size(), 2);
  EXPECT_EQ(set.bytes(), std::string("\x01\x02", 2));
}

TEST(Latencies, PercentilesAreWithinABucketOfTheTruth) {
  Latencies latencies;
  for (int i = 1; i <= 1000; ++i) latencies.add(milliseconds(i));
  EXPECT_NEAR(static_cast<double>(latencies.percentile(0.5).count()), 500e6, 500e6 / 64);
  EXPECT_NEAR(static_cast<double>(latencies.percentile(0.99).count()), 990e6, 990e6 / 64);
  EXPECT_EQ(latencies.percentile(1), milliseconds(1000));
  EXPECT_EQ(Latencies().percentile(0.99), Duration(0));
}

TEST(Content, HasTheSizeAndCompressesLikeTrueSpans) {
  for (const uint32_t bytes : {600U, 10'000U, 30'000U, 100'000U}) {
    const uint32_t spans = bytes < 1000 ? 100 : 5;
    Content content({.spans_per_request = spans, .span_bytes = bytes});
    const std::string request = content.request(0, SystemClock().wall());
    EXPECT_NEAR(static_cast<double>(request.size()) / spans, bytes, bytes * 0.1);
    const double ratio =
        static_cast<double>(request.size()) / static_cast<double>(gzip(request).size());
    EXPECT_GT(ratio, 3.5) << bytes;
    EXPECT_LT(ratio, 6) << bytes;
  }
}

TEST(SinkDestination, TellsDuplicatesAndWhatNobodySent) {
  Content content({.spans_per_request = 10});
  const WallTime now = SystemClock().wall();
  SinkDestination sink(25);
  const std::string first = content.request(0, now);
  ASSERT_TRUE(sink.take(first, false, now + milliseconds(8)));
  ASSERT_TRUE(sink.take(gzip(first), true, now));
  ASSERT_TRUE(sink.take(content.request(20, now), false, now));  // 25 to 29 are too high
  EXPECT_FALSE(sink.take("not a request", false, now));
  const nlohmann::json counts = sink.counts();
  EXPECT_EQ(counts["spans"], 15);
  EXPECT_EQ(counts["duplicates"], 10);
  EXPECT_EQ(counts["unknown"], 5);
  EXPECT_EQ(counts["delay_max_ms"], 8.0);
  sink.forget();
  EXPECT_EQ(sink.counts()["spans"], 0);
}

TEST(Answer, OnlyATimelyRefusalIsOne) {
  EXPECT_EQ(answer_of_http(200, false), Answer::kOk);
  EXPECT_EQ(answer_of_http(503, true), Answer::kRefusedWithDelay);
  EXPECT_EQ(answer_of_http(429, false), Answer::kRefusedWithoutDelay);
  EXPECT_EQ(answer_of_http(400, true), Answer::kFailed);
  EXPECT_EQ(answer_of_grpc(0, ""), Answer::kOk);
  EXPECT_EQ(answer_of_grpc(14, ""), Answer::kRefusedWithoutDelay);
  EXPECT_EQ(answer_of_grpc(8, ""), Answer::kFailed);  // too large, which is final
  EXPECT_EQ(answer_of_grpc(3, ""), Answer::kFailed);
  EXPECT_EQ(answer_of_grpc(-1, ""), Answer::kFailed);  // the stream was reset
}

// A real receiver in front of a fake intake, and the load against it.
class LoadTest : public testing::TestWithParam<Protocol> {
 protected:
  LoadResult run(agent::Intake& intake, LoadOptions options,
                 std::optional<TlsServerOptions> tls = std::nullopt) {
    MetricRegistry metrics;
    ReceiverConfig config;
    config.listen = {{"127.0.0.1", 0}};
    config.tls = std::move(tls);
    auto receiver = agent::Receiver::start(config, intake, metrics);
    EXPECT_TRUE(receiver);
    options.port = (*receiver)->ports().front();
    options.protocol = GetParam();
    return run_load(options);
  }

  // Ten requests with ten spans each.
  const LoadOptions ten_{.connections = 10,  // one per request, so that none has to wait
                         .spans_per_request = 10,
                         .seconds = 0.1,
                         .rate = 1000,
                         .gzip = true,
                         .first_span = 5000};
};

TEST_P(LoadTest, SendsEachSpanOfTheScheduleOnce) {
  agent::FakeIntake intake;
  const LoadResult result = run(intake, ten_);
  EXPECT_EQ(result.requests_ok, 10);
  EXPECT_EQ(result.ok.size(), 100);
  SinkDestination sink(10'000);
  for (const std::string& body : intake.wait_for(10)) {
    ASSERT_TRUE(sink.take(body, true, SystemClock().wall()));
  }
  EXPECT_EQ(sink.counts()["spans"], 100);
  EXPECT_EQ(sink.counts()["duplicates"], 0);
  EXPECT_EQ(sink.counts()["unknown"], 0);
  EXPECT_EQ(sink.seen().size(), 5100 / 8 + 1);
}

TEST_P(LoadTest, TellsARefusalWithDelayFromAFailure) {
  agent::FakeIntake intake;
  intake.answer = fail(ErrorKind::kUnavailable, "later");
  LoadResult result = run(intake, ten_);
  EXPECT_EQ(result.requests_refused_with_delay, 10);
  EXPECT_EQ(result.ok.size(), 0);
  intake.answer = fail(ErrorKind::kCancelled, "later, without saying when");
  EXPECT_EQ(run(intake, ten_).requests_refused_without_delay, 10);
  intake.answer = fail(ErrorKind::kInvalid, "never");
  result = run(intake, ten_);
  EXPECT_EQ(result.requests_failed + result.requests_unsent, 10);
  EXPECT_GT(result.requests_failed, 0);
}

TEST_P(LoadTest, ShowsItsCertificateToAReceiverThatItVerifies) {
  TestAuthority authority;
  TestAuthority stranger;
  TlsServerOptions server = authority.issue({"127.0.0.1"});
  server.client_ca_file = authority.ca_file();
  const TlsServerOptions client = authority.issue({"client"});
  const auto sent_with = [&](const TlsClientOptions& files) {
    agent::FakeIntake intake;
    LoadOptions options = ten_;
    options.tls = make_client_tls(files, alpn_of(GetParam())).value();
    return run(intake, options, server).requests_ok;
  };
  TlsClientOptions files{.ca_file = authority.ca_file(),
                         .certificate_file = client.certificate_file,
                         .key_file = client.key_file};
  EXPECT_EQ(sent_with(files), 10);
  files.ca_file = stranger.ca_file();
  EXPECT_EQ(sent_with(files), 0);
  EXPECT_EQ(sent_with({.ca_file = authority.ca_file()}), 0);
}

TEST_P(LoadTest, BeginsWhenToldAfterConnecting) {
  agent::FakeIntake intake;
  LoadOptions options = ten_;
  int calls = 0;
  options.connected = [&] {
    EXPECT_TRUE(intake.wait_for(0).empty());
    ++calls;
  };
  EXPECT_EQ(run(intake, options).requests_ok, 10);
  EXPECT_EQ(calls, 1);
}

TEST(ClientTls, SaysWhichFileCannotBeRead) {
  const auto made = make_client_tls({.ca_file = "/nowhere/ca.pem"}, "h2");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message.rfind("/nowhere/ca.pem: ", 0), 0);
}

// Answers each request after a delay.
class SlowIntake final : public agent::Intake {
 public:
  explicit SlowIntake(Duration delay) : delay_(delay) {}
  void accept(agent::IntakeRequest, agent::IntakeAnswer answer) override {
    later_.run_after(delay_, [answer = std::move(answer)] { answer({}); });
  }
  Result<agent::Ticket> admit(size_t bytes,
                              std::shared_ptr<dualtrace::agent::PeerShare> /*peer*/) override {
    return admission_.admit(bytes);
  }
  [[nodiscard]] size_t request_bytes_max() const override { return admission_.bytes_max(); }

 private:
  const Duration delay_;
  agent::Admission admission_{1024 * 1024};
  SystemClock clock_;
  ThreadScheduler later_{"slow", clock_};
};

TEST_P(LoadTest, AStallCountsForAllRequestsThatWereDueMeanwhile) {
  SlowIntake intake(milliseconds(20));
  LoadOptions options = ten_;
  options.connections = 1;
  options.rate = 10'000;  // 100 requests, each due a millisecond after the one before
  const LoadResult result = run(intake, options);
  EXPECT_EQ(result.requests_ok + result.requests_unsent, 100);
  EXPECT_LE(result.requests_ok, 6);  // one at a time
  EXPECT_GE(result.latencies.percentile(0.5), milliseconds(30));
}

INSTANTIATE_TEST_SUITE_P(Protocols, LoadTest, testing::Values(Protocol::kGrpc, Protocol::kHttp),
                         [](const auto& tested) {
                           return tested.param == Protocol::kGrpc ? "Grpc" : "Http";
                         });

}  // namespace
}  // namespace dualtrace::bench
