// SPDX-License-Identifier: Apache-2.0
#include <regex>

#include "tests/unit/agent/receive/session_fixture.h"

namespace dualtrace::agent {
namespace {

using std::chrono::seconds;

std::string post(std::string_view body, std::string_view headers = {},
                 std::string_view path = "/v1/traces") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: agent\r\n" +
         "Content-Type: application/x-protobuf\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string post_json(std::string_view body) {
  return "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

constexpr std::string_view kChunkedHead =
    "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

class Http1SessionTest : public SessionFixture {
 protected:
  Http1SessionTest() { open(make_http1_session); }

  // The statuses of all answers so far, in order.
  std::vector<int> statuses() const {
    std::vector<int> result;
    const std::regex line("HTTP/1\\.1 (\\d+) ");
    for (std::sregex_iterator i(output.begin(), output.end(), line), end; i != end; ++i) {
      result.push_back(std::stoi((*i)[1]));
    }
    return result;
  }
  int status_of(const std::string& request) {
    open(make_http1_session);
    feed(request);
    const std::vector<int> all = statuses();
    return all.empty() ? 0 : all.back();
  }
};

using Statuses = std::vector<int>;

TEST_F(Http1SessionTest, TakesARequestInPiecesOfAnySize) {
  const std::string body(3000, 'b');
  for (const size_t step : {1, 2, 7, 100, 100000}) {
    open(make_http1_session);
    feed(post(body, "Content-Encoding: GZIP\r\n"), step);
    ASSERT_EQ(requests.size(), 1u) << step;
    EXPECT_EQ(requests[0].request.body, body);
    EXPECT_EQ(requests[0].request.format, BodyFormat::kProtobuf);
    EXPECT_EQ(requests[0].request.encoding, BodyEncoding::kGzip);
    EXPECT_EQ(requests[0].request.ticket.bytes(), body.size());
    EXPECT_EQ(output, "");
    answer(requests[0].id);
    EXPECT_EQ(output,
              "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n"
              "date: Tue, 14 Nov 2023 23:13:20 GMT\r\ncontent-length: 0\r\n\r\n");
    EXPECT_FALSE(session->finished());
  }
}

TEST_F(Http1SessionTest, TakesChunksInPiecesOfAnySize) {
  const std::string request =
      std::string(kChunkedHead) + "5;note=x\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  for (const size_t step : {1, 3, 100000}) {
    open(make_http1_session);
    feed(request + request, step);
    ASSERT_EQ(requests.size(), 1u) << step;
    EXPECT_EQ(requests[0].request.body, "hello world");
    answer(requests[0].id);
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[1].request.body, "hello world");
  }
}

TEST_F(Http1SessionTest, HandlesPipelinedRequestsOneAtATimeAndInOrder) {
  feed(post("one") + post_json("{}") + post("x", {}, "/nope") + post("four"));
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_FALSE(session->wants_input());
  answer(requests[0].id);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].request.format, BodyFormat::kJson);
  answer(requests[1].id, fail(ErrorKind::kUnavailable, "busy"));
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[2].request.body, "four");
  answer(requests[2].id);
  EXPECT_EQ(statuses(), (Statuses{200, 503, 404, 200}));
}

TEST_F(Http1SessionTest, IgnoresAnswersToOtherRequests) {
  feed(post("one"));
  answer(requests[0].id + 1);
  EXPECT_EQ(output, "");
  answer(requests[0].id);
  answer(requests[0].id);
  EXPECT_EQ(statuses(), Statuses{200});
}

TEST_F(Http1SessionTest, RefusesWhatIsNoOtlp) {
  EXPECT_EQ(status_of(post("x", {}, "/v1/metrics")), 404);
  EXPECT_EQ(status_of(post("x", {}, "/v1/traces/")), 404);
  EXPECT_EQ(status_of("GET /v1/traces HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
  EXPECT_NE(output.find("allow: POST\r\n"), std::string::npos);
  EXPECT_EQ(status_of("POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"), 415);
  EXPECT_EQ(status_of(post("x", "Content-Encoding: br\r\n")), 415);
  EXPECT_NE(output.find("accept-encoding: identity, gzip"), std::string::npos);
  EXPECT_EQ(status_of(post("x", "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n")), 415);
  EXPECT_EQ(status_of("POST /v1/traces HTTP/1.1\r\nHost: a\r\n"
                      "Content-Type: application/grpc\r\nContent-Length: 1\r\n\r\nx"),
            415);
  EXPECT_EQ(status_of("POST /v1/traces HTTP/1.1\r\nHost: a\r\n"
                      "Content-Type: application/json\r\n\r\n"),
            411);
  EXPECT_TRUE(requests.empty());
}

TEST_F(Http1SessionTest, RefusesWhatIsNoHttp) {
  EXPECT_EQ(status_of("\x16\x03\x01\x02garbage\r\n\r\n"), 400);
  EXPECT_EQ(status_of("POST /v1/traces HTTP/3.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("POST /v1/traces HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("POST /v1/traces HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(status_of(post("x", "Content-Length: 2\r\n")), 400);
  EXPECT_EQ(status_of(post("x", "Content-Length: 1\r\n")), 400);
  EXPECT_EQ(status_of(post("x", "Transfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status_of("POST /v1/traces HTTP/1.1\r\nHost: a\r\n"
                      "Transfer-Encoding: gzip, chunked\r\n\r\n"),
            501);
  EXPECT_EQ(status_of(post("x", "Expect: a miracle\r\n")), 417);
  EXPECT_EQ(status_of(std::string(kChunkedHead) + "zz\r\n"), 400);
  EXPECT_EQ(status_of(std::string(kChunkedHead) + "fffffffffffffffff\r\n"), 400);
  EXPECT_TRUE(session->finished());
}

TEST_F(Http1SessionTest, ReadsHeadersUpToTheLimit) {
  const std::string large = "X: " + std::string(limits.header_bytes - 200, 'x') + "\r\n";
  feed(post("ok", large), 1000);
  EXPECT_EQ(requests.size(), 1u);
  const std::string too_large = "X: " + std::string(limits.header_bytes, 'x') + "\r\n";
  for (const size_t step : {1, 1000, 100000}) {
    open(make_http1_session);
    feed(post("no", too_large), step);
    EXPECT_EQ(statuses(), Statuses{431});
    EXPECT_TRUE(session->finished());
  }
}

TEST_F(Http1SessionTest, TakesALastChunkInPieces) {
  for (const std::string last :
       {"0\r\n\r\n", "00\r\n\r\n", "0;x\r\n\r\n", "5\r\n00000\r\n0\r\n\r\n"}) {
    open(make_http1_session);
    feed(std::string(kChunkedHead) + last, 1);
    EXPECT_EQ(requests.size(), 1u) << last;
  }
  open(make_http1_session);
  feed(std::string(kChunkedHead) + "00\r\n");
  session->end_of_input(clock.tick());
  EXPECT_TRUE(session->finished());
}

TEST_F(Http1SessionTest, BoundsAChunkHeader) {
  feed(std::string(kChunkedHead) + "5;" + std::string(2 * limits.header_bytes, 'x'), 1000);
  EXPECT_EQ(statuses(), Statuses{400});
  EXPECT_TRUE(session->finished());
}

TEST_F(Http1SessionTest, RefusesATooLargeBodyBeforeReadingIt) {
  feed(
      "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Content-Length: 99999999999\r\n\r\n");
  EXPECT_EQ(statuses(), Statuses{413});
  EXPECT_EQ(output.find("retry-after"), std::string::npos);
  EXPECT_TRUE(session->finished());
  feed("more");
  EXPECT_EQ(statuses(), Statuses{413});
}

TEST_F(Http1SessionTest, RefusesAChunkedBodyAsSoonAsItIsTooLarge) {
  std::string request(kChunkedHead);
  for (int i = 0; i < 300; ++i) request += "400\r\n" + std::string(1024, 'x') + "\r\n";
  feed(request, 4096);
  EXPECT_EQ(statuses(), Statuses{413});
  EXPECT_TRUE(session->finished());
  EXPECT_EQ(intake.admission.bytes_admitted(), 0u);
}

TEST_F(Http1SessionTest, AnswersAtOnceWhenTheBudgetIsUsedUp) {
  Ticket other = intake.admit(intake.admission.bytes_max()).value();
  const std::string request = post("12345");
  feed(request.substr(0, request.size() - 5));
  EXPECT_EQ(statuses(), Statuses{503});
  EXPECT_NE(output.find("retry-after: 1\r\n"), std::string::npos);
  other = Ticket();
  feed("12345" + post("next"));  // a short remainder is discarded, and the connection is kept
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].request.body, "next");
}

TEST_F(Http1SessionTest, ClosesRatherThanDropALargeBody) {
  const Ticket other = intake.admit(intake.admission.bytes_max()).value();
  feed(post(std::string(200'000, 'x')), 1000);
  EXPECT_EQ(statuses(), Statuses{503});
  EXPECT_NE(output.find("connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(session->finished());
}

TEST_F(Http1SessionTest, SaysContinueOnlyToWhatItWillTake) {
  const std::string good = post("hello", "Expect: 100-continue\r\n");
  feed(good.substr(0, good.size() - 5));
  EXPECT_EQ(output, "HTTP/1.1 100 Continue\r\n\r\n");
  feed("hello");
  EXPECT_EQ(requests.size(), 1u);
  open(make_http1_session);
  feed(post("x", "Expect: 100-continue\r\n", "/nope"));
  EXPECT_EQ(statuses(), Statuses{404});
  EXPECT_TRUE(session->finished());  // unknown whether a body follows
}

TEST_F(Http1SessionTest, SendsNoBodyToAHeadRequest) {
  feed("HEAD /v1/traces HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(statuses(), Statuses{405});
  EXPECT_TRUE(output.ends_with("\r\n\r\n"));
}

TEST_F(Http1SessionTest, ClosesAfterHttp10AndConnectionClose) {
  feed("POST /v1/traces HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  answer(requests.at(0).id);
  EXPECT_TRUE(session->finished());
  open(make_http1_session);
  feed(post("x", "Connection: close\r\n") + post("never looked at"));
  answer(requests.at(0).id);
  EXPECT_TRUE(session->finished());
  EXPECT_EQ(requests.size(), 1u);
  EXPECT_NE(output.find("connection: close"), std::string::npos);
}

TEST_F(Http1SessionTest, AnswersAClientThatClosedItsHalf) {
  feed(post("one") + post("two"));
  session->end_of_input(clock.tick());
  collect();
  EXPECT_FALSE(session->finished());
  answer(requests.at(0).id);
  answer(requests.at(1).id);
  EXPECT_EQ(statuses(), (Statuses{200, 200}));
  EXPECT_TRUE(session->finished());
}

TEST_F(Http1SessionTest, EndsWithAClientThatStopsInTheMiddle) {
  const std::string request = post("hello");
  for (const size_t size : {0, 1, 30, 100, static_cast<int>(request.size()) - 1}) {
    open(make_http1_session);
    feed(request.substr(0, size));
    session->end_of_input(clock.tick());
    collect();
    EXPECT_TRUE(session->finished()) << size;
    EXPECT_EQ(requests.size(), 0u);
  }
}

TEST_F(Http1SessionTest, GivesSlowHeadersAndBodiesUp) {
  feed("POST /v1/tra");
  expire_after(limits.header_timeout / 2);
  feed("ces HT");  // does not extend the deadline
  expire_after(limits.header_timeout / 2);
  EXPECT_EQ(statuses(), Statuses{408});
  EXPECT_TRUE(session->finished());

  open(make_http1_session);
  const std::string request = post("hello");
  feed(request.substr(0, request.size() - 1));
  expire_after(seconds(4));
  EXPECT_EQ(statuses(), Statuses{});
  expire_after(seconds(1));
  EXPECT_EQ(statuses(), Statuses{408});
  EXPECT_TRUE(session->finished());
  EXPECT_EQ(intake.admission.bytes_admitted(), 0u);
}

TEST_F(Http1SessionTest, WantsABodyToKeepComing) {
  const std::string body(200'000, 'b');
  const std::string request = post(body);
  const size_t head = request.size() - body.size();
  feed(request.substr(0, head));
  for (size_t sent = 0; sent < 50'000; sent += 10'000) {  // slow, but above the minimum rate
    feed(request.substr(head + sent, 10'000));
    expire_after(seconds(2));
    ASSERT_EQ(statuses(), Statuses{}) << sent;
  }
  feed(request.substr(head + 50'000, 149'999));  // an earlier burst buys at most one stall
  expire_after(seconds(4));
  EXPECT_EQ(statuses(), Statuses{});
  expire_after(seconds(1));
  EXPECT_EQ(statuses(), Statuses{408});
  EXPECT_EQ(intake.admission.bytes_admitted(), 0u);

  open(make_http1_session);
  feed(request.substr(0, head));
  int sent = 0;
  for (; sent < 100 && statuses().empty(); ++sent) {  // a trickle is cut off
    feed(request.substr(head + static_cast<size_t>(sent), 1));
    expire_after(seconds(1));
  }
  EXPECT_EQ(statuses(), Statuses{408});
  EXPECT_LT(sent, 7);

  limits.body_pace = 0;
  open(make_http1_session);
  feed(request.substr(0, head));
  expire_after(limits.body_timeout - seconds(1));
  EXPECT_EQ(statuses(), Statuses{});
  expire_after(seconds(1));
  EXPECT_EQ(statuses(), Statuses{408});
}

TEST_F(Http1SessionTest, TakesTheAbsoluteFormOfATarget) {
  feed(post("x", {}, "http://127.0.0.1:4318/v1/traces?a=b"));
  EXPECT_EQ(requests.size(), 1u);
  EXPECT_EQ(status_of(post("x", {}, "http://127.0.0.1:4318/v1/metrics")), 404);
  EXPECT_EQ(status_of(post("x", {}, "http://127.0.0.1:4318")), 404);
  EXPECT_EQ(status_of("POST http://a/v1/traces HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), 400);
}

TEST_F(Http1SessionTest, SkipsAFewEmptyLinesBeforeARequest) {
  const std::string request = "\r\n\r\n" + post("one") + "\r\n" + post("two");
  for (const size_t step : {1, 3, 100000}) {
    open(make_http1_session);
    feed(request, step);
    ASSERT_EQ(requests.size(), 1u) << step;
    answer(requests[0].id);
    ASSERT_EQ(requests.size(), 2u) << step;
    EXPECT_EQ(requests[1].request.body, "two");
  }
  std::string many;
  for (int i = 0; i < 100; ++i) many += "\r\n";
  EXPECT_EQ(status_of(many), 400);
  EXPECT_TRUE(session->finished());
  EXPECT_EQ(status_of("\r" + post("x")), 400);
}

TEST_F(Http1SessionTest, RefusesAnEmptyBodyThatIsSaidToBeCompressed) {
  for (const char* coding : {"gzip", "x-gzip", "gzip, identity"}) {
    EXPECT_EQ(status_of(post("", "Content-Encoding: " + std::string(coding) + "\r\n")), 400);
    EXPECT_NE(output.find("empty"), std::string::npos);
  }
  EXPECT_TRUE(requests.empty());
  feed(post(""));
  EXPECT_EQ(requests.size(), 1u);
}

TEST_F(Http1SessionTest, SaysWhatItIsDoing) {
  EXPECT_EQ(session->activity(), Activity::kIdle);
  const std::string request = post("hello");
  feed(request.substr(0, 10));
  EXPECT_EQ(session->activity(), Activity::kReading);
  feed(request.substr(10));
  EXPECT_EQ(session->activity(), Activity::kStoring);
  answer(requests.at(0).id);
  EXPECT_EQ(session->activity(), Activity::kIdle);
}

TEST_F(Http1SessionTest, ClosesIdleConnectionsButNeverAWaitingRequest) {
  feed(post("x"));
  EXPECT_EQ(session->deadline(), Tick::max());
  expire_after(seconds(100'000));
  answer(requests.at(0).id);
  EXPECT_EQ(statuses(), Statuses{200});
  expire_after(limits.idle_timeout - seconds(1));
  EXPECT_FALSE(session->finished());
  expire_after(seconds(1));
  EXPECT_TRUE(session->finished());
}

TEST_F(Http1SessionTest, DrainsByAnsweringWhatWasBegun) {
  session->drain(clock.tick());
  EXPECT_TRUE(session->finished());
  open(make_http1_session);
  const std::string request = post("x");
  feed(request.substr(0, 20));
  session->drain(clock.tick());
  feed(request.substr(20));
  EXPECT_FALSE(session->finished());
  answer(requests.at(0).id);
  EXPECT_EQ(statuses(), Statuses{200});
  EXPECT_NE(output.find("connection: close"), std::string::npos);
  EXPECT_TRUE(session->finished());
}

TEST_F(Http1SessionTest, DoesNotPileUpAnswersThatNobodyReads) {
  std::string flood;
  for (int i = 0; i < 3000; ++i) flood += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  session->consume(flood, clock.tick());
  EXPECT_FALSE(session->wants_input());
  EXPECT_LT(session->take_output().size(), 32u * 1024);
  session->consume({}, clock.tick());
  collect();
  EXPECT_TRUE(session->wants_input());
}

TEST_F(Http1SessionTest, CountsItsAnswers) {
  feed(post("x"));
  answer(requests.at(0).id);
  EXPECT_NE(
      registry.text().find("dualtrace_receiver_requests_total{code=\"200\",protocol=\"http\"} 1"),
      std::string::npos);
  EXPECT_NE(registry.text().find("dualtrace_receiver_bytes_total 1"), std::string::npos);
}

}  // namespace
}  // namespace dualtrace::agent
