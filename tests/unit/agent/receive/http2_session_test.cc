// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "agent/receive/flood_guard.h"
#include "tests/unit/agent/receive/http2_client.h"
#include "tests/unit/agent/receive/session_fixture.h"

namespace dualtrace::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using End = Http2Client::End;

Fields http_headers(const std::string& path = "/v1/traces", const std::string& method = "POST") {
  return {{":method", method},
          {":scheme", "http"},
          {":path", path},
          {":authority", "agent"},
          {"content-type", "application/x-protobuf"}};
}

Fields with(Fields fields, const std::string& name, const std::string& value) {
  fields.emplace_back(name, value);
  return fields;
}

constexpr std::string_view kGetSlash = "\x82\x86\x84\x41\x01\x61";  // with authority "a", in HPACK

class Http2SessionTest : public SessionFixture {
 protected:
  Http2SessionTest() { open(make_http2_session); }

  // Passes bytes between client and session until neither has any left to send.
  void talk(size_t step = 1 << 20) {
    for (;;) {
      const std::string up = client->take_output();
      feed(up, step);
      collect();
      const std::string down = take_output();
      client->receive(down);
      if (up.empty() && down.empty()) return;
    }
  }
  void feed_raw(const std::string& bytes) {
    feed(bytes);
    talk();
  }
  Http2Response& send(const Fields& headers, const std::string& body, End end = End::kYes) {
    const int32_t id = client->request(headers, body, end);
    talk();
    return client->responses[id];
  }
  void restart() {
    client = std::make_unique<Http2Client>();
    open(make_http2_session);
  }
  void answer_and_talk(uint64_t id, const Status& status = {}) {
    answer(id, status);
    talk();
  }

  std::unique_ptr<Http2Client> client = std::make_unique<Http2Client>();
};

TEST_F(Http2SessionTest, TakesAGrpcExportInPiecesOfAnySize) {
  const std::string message(100'000, 'm');
  for (const size_t step : {1, 13, 1000000}) {
    restart();
    const int32_t id =
        client->request(with(grpc_headers(), "grpc-encoding", "gzip"), grpc_frame(message, 1));
    talk(step);
    ASSERT_EQ(requests.size(), 1u) << step;
    EXPECT_EQ(requests[0].request.body, message);
    EXPECT_EQ(requests[0].request.encoding, BodyEncoding::kGzip);
    EXPECT_EQ(requests[0].request.ticket.bytes(), message.size());
    answer_and_talk(requests[0].id);
    Http2Response& response = client->responses[id];
    EXPECT_EQ(response.headers[":status"], "200");
    EXPECT_EQ(response.headers["content-type"], "application/grpc");
    EXPECT_EQ(response.headers["grpc-status"], "0");
    EXPECT_EQ(response.body, std::string(5, '\0'));
    EXPECT_TRUE(response.complete);
    EXPECT_FALSE(session->finished());
  }
}

TEST_F(Http2SessionTest, TakesAMessageThatIsNotCompressedInAnEncodedCall) {
  send(with(grpc_headers(), "grpc-encoding", "gzip"), grpc_frame("plain", 0));
  EXPECT_EQ(requests.at(0).request.encoding, BodyEncoding::kIdentity);
}

TEST_F(Http2SessionTest, TakesOtlpHttp) {
  Http2Response& response = send(http_headers(), "body");
  EXPECT_EQ(requests.at(0).request.body, "body");
  answer_and_talk(requests[0].id);
  EXPECT_EQ(response.headers[":status"], "200");
  EXPECT_EQ(response.headers["content-type"], "application/x-protobuf");
  EXPECT_TRUE(response.complete);
}

TEST_F(Http2SessionTest, AnswersInAnyOrder) {
  Http2Response& first = send(grpc_headers(), grpc_frame("1"));
  Http2Response& second = send(grpc_headers(), grpc_frame("2"));
  answer_and_talk(requests.at(1).id, fail(ErrorKind::kThrottled, "slow"));
  EXPECT_TRUE(second.complete);
  EXPECT_FALSE(first.complete);
  EXPECT_EQ(second.headers["grpc-status"], "8");
  EXPECT_NE(second.headers["grpc-status-details-bin"], "");
  answer_and_talk(requests[0].id);
  EXPECT_TRUE(first.complete);
  answer_and_talk(requests[0].id);  // a second time: ignored
}

TEST_F(Http2SessionTest, RefusesBrokenGrpcFrames) {
  const auto status = [&](const Fields& headers, const std::string& body) {
    return send(headers, body).headers["grpc-status"];
  };
  EXPECT_EQ(status(grpc_headers(), ""), "3");
  EXPECT_EQ(status(grpc_headers(), std::string("\0\0\0", 3)), "3");
  EXPECT_EQ(status(grpc_headers(), grpc_frame("cut short").substr(0, 9)), "3");
  EXPECT_EQ(status(grpc_headers(), grpc_frame("one") + grpc_frame("two")), "3");
  EXPECT_EQ(status(grpc_headers(), grpc_frame("flag", 2)), "3");
  EXPECT_EQ(status(grpc_headers(), grpc_frame("zip", 1)), "13");
  EXPECT_EQ(status(grpc_headers(), std::string("\0\xff\xff\xff\xff", 5)), "8");
  EXPECT_TRUE(requests.empty());
  EXPECT_FALSE(session->finished());
  EXPECT_EQ(intake.admission.bytes_admitted(), 0u);
}

TEST_F(Http2SessionTest, RefusesUnknownMethodsEncodingsAndTypes) {
  EXPECT_EQ(send(grpc_headers("/no.Such/Method"), "").headers["grpc-status"], "12");
  EXPECT_EQ(send(grpc_headers("/grpc.health.v1.Health/Watch"), "").headers["grpc-status"], "12");
  Http2Response& encoding = send(with(grpc_headers(), "grpc-encoding", "br"), grpc_frame("x"));
  EXPECT_EQ(encoding.headers["grpc-status"], "12");
  EXPECT_EQ(encoding.headers["grpc-accept-encoding"], "identity,gzip,zstd");
  EXPECT_EQ(encoding.headers["date"], "Tue, 14 Nov 2023 23:13:20 GMT");
  Fields json = grpc_headers();
  json.back().second = "application/grpc+json";
  EXPECT_EQ(send(json, grpc_frame("x")).headers[":status"], "415");
  Fields get = grpc_headers();
  get.front().second = "GET";
  Http2Response& method = send(get, "");
  EXPECT_EQ(method.headers[":status"], "405");
  EXPECT_EQ(method.headers["allow"], "POST");
  EXPECT_EQ(send(http_headers("/nope"), "x").headers[":status"], "404");
  EXPECT_EQ(send(http_headers("/v1/traces", "GET"), "").headers[":status"], "405");
  Http2Response& head = send(http_headers("/v1/traces", "HEAD"), "");
  EXPECT_EQ(head.headers[":status"], "405");
  EXPECT_EQ(head.body, "");
  EXPECT_TRUE(head.complete);
}

TEST_F(Http2SessionTest, ChecksHealth) {
  Http2Response& response = send(grpc_headers("/grpc.health.v1.Health/Check"), grpc_frame(""));
  EXPECT_EQ(response.headers["grpc-status"], "0");
  EXPECT_EQ(response.body, grpc_frame("\x08\x01"));
  EXPECT_EQ(send(grpc_headers("/grpc.health.v1.Health/Check"), grpc_frame(std::string(5000, 'x')))
                .headers["grpc-status"],
            "8");
}

TEST_F(Http2SessionTest, AnswersBeforeTheBodyAndDropsTheRest) {
  const Ticket other = intake.admit(intake.admission.bytes_max()).value();
  const int32_t id =
      client->request(grpc_headers(), grpc_frame(std::string(200'000, 'x')), End::kNo);
  talk(20'000);
  Http2Response& response = client->responses[id];
  EXPECT_EQ(response.headers["grpc-status"], "14");
  EXPECT_NE(response.headers["grpc-status-details-bin"], "");
  EXPECT_TRUE(response.complete);
  EXPECT_FALSE(response.reset) << "it may finish";
  expire_after(std::chrono::seconds(1));
  talk();
  EXPECT_EQ(response.reset, NGHTTP2_NO_ERROR);
  EXPECT_TRUE(response.closed);
}

// Server reflection and Arrow are streams: their clients keep the stream open and wait.
TEST_F(Http2SessionTest, RefusesAGrpcCallWhileItsStreamIsOpen) {
  Fields dialect = grpc_headers();
  dialect.back().second = "application/grpc+json";
  const std::pair<Fields, std::string> cases[] = {
      {grpc_headers("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"), "12"},
      {with(grpc_headers(), "grpc-encoding", "br"), "12"},
      {dialect, ""}};
  for (const auto& [headers, code] : cases) {
    restart();
    const int32_t id = client->request(headers, "", End::kNo);
    talk();
    Http2Response& response = client->responses[id];
    EXPECT_EQ(response.headers["grpc-status"], code);
    EXPECT_EQ(response.headers[":status"], code.empty() ? "415" : "200");
    EXPECT_TRUE(response.complete);
    expire_after(std::chrono::seconds(1));
    talk();
    EXPECT_EQ(response.reset, NGHTTP2_NO_ERROR);
    EXPECT_TRUE(response.closed);
    send(grpc_headers(), grpc_frame("x"));  // the connection stays usable
    EXPECT_EQ(requests.size(), 1u);
  }
  restart();
  const int32_t second =
      client->request(grpc_headers(), grpc_frame("x") + grpc_frame("y"), End::kNo);
  talk();
  EXPECT_EQ(client->responses[second].headers["grpc-status"], "3");
}

TEST_F(Http2SessionTest, RefusesAnEmptyMessageThatIsSaidToBeCompressed) {
  Http2Response& grpc = send(with(grpc_headers(), "grpc-encoding", "gzip"), grpc_frame("", 1));
  EXPECT_EQ(grpc.headers["grpc-status"], "3");
  EXPECT_NE(grpc.headers["grpc-message"].find("empty"), std::string::npos);
  Http2Response& http = send(with(http_headers(), "content-encoding", "x-gzip"), "");
  EXPECT_EQ(http.headers[":status"], "400");
  EXPECT_TRUE(requests.empty());
}

TEST_F(Http2SessionTest, SaysWhatItIsDoing) {
  talk();
  EXPECT_EQ(session->activity(), Activity::kIdle);
  const int32_t open_id = client->request(grpc_headers(), "", End::kNo);
  talk();
  EXPECT_EQ(session->activity(), Activity::kReading);
  const int32_t reset_id = client->request(grpc_headers(), grpc_frame("x"));
  send(grpc_headers(), grpc_frame("y"));
  EXPECT_EQ(session->activity(), Activity::kStoring);
  client->reset(reset_id, NGHTTP2_CANCEL);
  talk();
  EXPECT_EQ(session->activity(), Activity::kStoring);
  answer_and_talk(requests.at(0).id);  // for the closed stream
  answer_and_talk(requests.at(1).id);
  EXPECT_EQ(session->activity(), Activity::kReading);
  client->reset(open_id, NGHTTP2_CANCEL);
  talk();
  EXPECT_EQ(session->activity(), Activity::kIdle);
}

TEST_F(Http2SessionTest, RefusesARequestWhenItIsReadUnlessThatTakesLong) {
  const int32_t id = client->request(http_headers("/nope"), "half", End::kNo);
  const int32_t long_id = client->request(http_headers("/nope"), "", End::kNo);
  const int32_t slow_id = client->request(http_headers("/nope"), "", End::kNo);
  talk();
  EXPECT_EQ(client->responses.count(id), 0u);
  client->append(id, "the other", End::kYes);
  client->append(long_id, std::string(1'100'000, 'x'), End::kNo);
  talk(64 * 1024);
  for (const int32_t answered : {id, long_id}) {
    EXPECT_EQ(client->responses[answered].headers[":status"], "404");
    EXPECT_TRUE(client->responses[answered].complete);
  }
  EXPECT_EQ(client->responses[long_id].reset, NGHTTP2_NO_ERROR);
  EXPECT_FALSE(client->responses[slow_id].complete);
  expire_after(limits.body_timeout);
  talk();
  EXPECT_EQ(client->responses[slow_id].headers[":status"], "404");
}

TEST_F(Http2SessionTest, EndsAConnectionThatReturnsToAStream) {
  for (const uint8_t type : {NGHTTP2_DATA, NGHTTP2_HEADERS}) {
    restart();
    send(http_headers("/nope"), "");
    feed_raw(raw_frame(type, NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_END_HEADERS, 1, kGetSlash));
    EXPECT_EQ(client->goaway, NGHTTP2_STREAM_CLOSED);
  }
  const std::string goaway =
      raw_frame(NGHTTP2_GOAWAY, 0, 0, std::string("\0\0\0\x7\0\0\0\1", 8));  // PROTOCOL_ERROR
  for (const int32_t id : {3, 5}) {                                          // skipped earlier
    open(make_http2_session);
    feed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + raw_frame(NGHTTP2_SETTINGS, 0, 0, ""));
    for (const int32_t next : {1, 7, id}) {
      feed(raw_frame(NGHTTP2_HEADERS, 5, next, kGetSlash));
      EXPECT_EQ(output.find(goaway) != std::string::npos, next == id);
    }
  }
}

TEST_F(Http2SessionTest, KeepsTheConnectionsWindowOpenForOthersAfterRefusals) {
  Ticket other = intake.admit(intake.admission.bytes_max()).value();
  for (int i = 0; i < 200; ++i) {  // 40 MB of refused bodies against a window of 16 MB
    client->request(grpc_headers(), grpc_frame(std::string(200'000, 'x')));
    talk(64 * 1024);
  }
  other = Ticket();
  send(grpc_headers(), grpc_frame(std::string(200'000, 'y')));
  EXPECT_EQ(requests.size(), 1u);
}

TEST_F(Http2SessionTest, RefusesTooLargeAnnouncementsWithoutADelayHint) {
  Http2Response& grpc = send(grpc_headers(), grpc_frame(std::string(intake.bytes_max + 1, 'x')));
  EXPECT_EQ(grpc.headers["grpc-status"], "8");
  EXPECT_EQ(grpc.headers.count("grpc-status-details-bin"), 0u);
  const int32_t id =
      client->request(with(http_headers(), "content-length", "99999999"), "x", End::kNo);
  client->append(id, std::string(1'100'000, 'x'), End::kNo);
  talk(64 * 1024);
  EXPECT_EQ(client->responses[id].headers[":status"], "413");
  EXPECT_EQ(intake.admission.bytes_admitted(), 0u);
}

TEST_F(Http2SessionTest, RefusesTooLargeHeaders) {
  Fields many = grpc_headers();
  for (int i = 0; i < 400; ++i) many.emplace_back("x-" + std::to_string(i), "0123456789");
  EXPECT_EQ(send(many, grpc_frame("x")).headers["grpc-status"], "8");
  Http2Response& http = send(with(http_headers(), "x", std::string(limits.header_bytes, 'x')), "b");
  EXPECT_EQ(http.headers[":status"], "431");
  EXPECT_TRUE(requests.empty());
}

TEST_F(Http2SessionTest, EndsAContinuationFlood) {
  talk();
  const std::string block("\x82\x86\x44\x01/", 5);  // :method POST…: never completed
  std::string flood = raw_frame(NGHTTP2_HEADERS, 0, 1, block);
  for (int i = 0; i < 100; ++i) {
    flood += raw_frame(NGHTTP2_CONTINUATION, 0, 1, std::string("\x40\x01x\x01y", 5));
  }
  feed(flood);
  EXPECT_TRUE(session->finished());
}

TEST_F(Http2SessionTest, EnforcesTheStreamLimitBeforeTheClientKnowsIt) {
  limits.streams = 5;
  restart();
  std::vector<int32_t> ids;
  for (int i = 0; i < 8; ++i) ids.push_back(client->request(grpc_headers(), "", End::kNo));
  talk();
  EXPECT_EQ(client->streams_max, 5u);
  EXPECT_FALSE(client->responses[ids[4]].reset);
  for (int i = 5; i < 8; ++i) {
    EXPECT_EQ(client->responses[ids[i]].reset, NGHTTP2_REFUSED_STREAM);
  }
  client->append(ids[0], grpc_frame("x"), End::kYes);
  talk();
  EXPECT_EQ(requests.size(), 1u);
}

TEST_F(Http2SessionTest, EndsARapidReset) {
  talk();
  for (uint32_t i = 0; i <= limits.resets_per_second; ++i) {
    const int32_t id = client->request(grpc_headers(), "", End::kNo);
    talk();
    client->reset(id, i % 2 == 0 ? NGHTTP2_CANCEL : NGHTTP2_NO_ERROR);
    talk();
  }
  EXPECT_EQ(client->goaway, NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_TRUE(session->finished());
}

TEST_F(Http2SessionTest, CountsTheResetsThatAClientProvokes) {
  talk();
  std::string flood;
  for (int32_t id = 1; id < 2000; id += 2) {  // a window update of zero is a stream error
    flood += raw_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, kGetSlash);
    flood += raw_frame(NGHTTP2_WINDOW_UPDATE, 0, id, std::string(4, '\0'));
  }
  feed_raw(flood);
  EXPECT_TRUE(session->finished());
}

TEST_F(Http2SessionTest, LeavesAFewResetsASecondAlone) {
  for (int i = 0; i < 500; ++i) {
    const int32_t id = client->request(grpc_headers(), "", End::kNo);
    talk();
    client->reset(id, NGHTTP2_CANCEL);
    talk();
    clock.advance(milliseconds(20));
  }
  EXPECT_FALSE(client->goaway);
}

TEST_F(Http2SessionTest, EndsFloodsOfFramesWithoutRequests) {
  const std::string floods[] = {raw_frame(NGHTTP2_PING, 0, 0, "12345678"),
                                raw_frame(NGHTTP2_SETTINGS, 0, 0, ""),
                                raw_frame(NGHTTP2_PRIORITY, 0, 3, std::string("\0\0\0\0\1", 5)),
                                raw_frame(NGHTTP2_DATA, 0, 1, "")};
  for (const std::string& frame : floods) {
    restart();
    client->request(grpc_headers(), "", End::kNo);
    talk();
    std::string flood;
    for (int i = 0; i < 5000; ++i) flood += frame;
    feed(flood);
    EXPECT_TRUE(session->finished());
    EXPECT_LT(output.size(), 64u * 1024);
  }
  EXPECT_THAT(
      registry.text(),
      testing::HasSubstr("dualtrace_receiver_connections_given_up_total{reason=\"flood\"} 4\n"));
}

TEST_F(Http2SessionTest, LetsABusyClientPing) {
  for (int i = 0; i < 3000; ++i) {
    send(grpc_headers(), grpc_frame("x"));
    answer_and_talk(requests.back().id);
    client->ping();
    talk();
  }
  EXPECT_FALSE(client->goaway);
}

TEST_F(Http2SessionTest, GivesUpAConnectionWithoutAPreface) {
  feed("PRI * HTTP/2.0\r\n\r\nSM");
  expire_after(limits.header_timeout);
  EXPECT_TRUE(session->finished());
  open(make_http2_session);
  feed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense, nonsense, nonsense");
  EXPECT_TRUE(session->finished());
}

TEST_F(Http2SessionTest, GivesUpHeadersThatDoNotEnd) {
  talk();
  feed(raw_frame(NGHTTP2_HEADERS, 0, 1, "\x83"));
  expire_after(limits.header_timeout);
  EXPECT_TRUE(session->finished());
}

TEST_F(Http2SessionTest, AnswersABodyThatStallsAndKeepsTheConnection) {
  Http2Response& grpc = send(grpc_headers(), grpc_frame("never ends").substr(0, 8), End::kNo);
  Http2Response& http = send(http_headers(), "half", End::kNo);
  Http2Response& waiting = send(grpc_headers(), grpc_frame("with the intake"));
  expire_after(seconds(4));
  talk();
  EXPECT_FALSE(grpc.complete);
  expire_after(seconds(1));
  talk();
  EXPECT_EQ(grpc.headers["grpc-status"], "4");
  EXPECT_EQ(http.headers[":status"], "408");
  EXPECT_FALSE(waiting.complete);
  expire_after(limits.idle_timeout);
  answer_and_talk(requests.at(0).id);
  EXPECT_EQ(waiting.headers["grpc-status"], "0");
  EXPECT_FALSE(session->finished());
}

TEST_F(Http2SessionTest, GivesUpAStreamWhoseAnswerIsNotTaken) {
  feed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  feed(raw_frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4\0\0\0\0", 6)));  // a zero window
  feed(raw_frame(NGHTTP2_HEADERS, 5, 1, kGetSlash));
  expire_after(limits.body_timeout);
  const std::string reset = raw_frame(NGHTTP2_RST_STREAM, 0, 1, std::string("\0\0\0\x08", 4));
  EXPECT_NE(output.find(reset), std::string::npos);
}

TEST_F(Http2SessionTest, EndsWithAClientThatCannotTakeItsAnswerAnyMore) {
  feed("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  feed(raw_frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4\0\0\0\0", 6)));  // a zero window
  feed(raw_frame(NGHTTP2_HEADERS, 5, 1, kGetSlash));
  EXPECT_FALSE(session->finished());
  session->end_of_input(clock.tick());
  collect();
  EXPECT_TRUE(session->finished());
}

TEST_F(Http2SessionTest, ClosesAnIdleConnection) {
  send(grpc_headers(), grpc_frame("x"));
  answer_and_talk(requests.at(0).id);
  expire_after(limits.idle_timeout - seconds(1));
  client->ping();
  talk();
  EXPECT_FALSE(session->finished());
  expire_after(seconds(1));
  talk();
  EXPECT_EQ(client->goaway, NGHTTP2_NO_ERROR);
  EXPECT_TRUE(session->finished());
}

TEST_F(Http2SessionTest, DrainsByAnsweringWhatWasBegun) {
  talk();
  session->drain(clock.tick());
  talk();
  EXPECT_TRUE(session->finished());
  restart();
  Http2Response& response = send(grpc_headers(), grpc_frame("x"));
  session->drain(clock.tick());
  talk();
  EXPECT_EQ(client->goaway, NGHTTP2_NO_ERROR);
  EXPECT_FALSE(session->finished());
  answer_and_talk(requests.at(0).id);
  EXPECT_TRUE(response.complete);
  EXPECT_TRUE(session->finished());
}

TEST_F(Http2SessionTest, AnswersAClientThatClosedItsHalf) {
  send(grpc_headers(), grpc_frame("x"), End::kNo);
  Http2Response& response = send(grpc_headers(), grpc_frame("x"));
  session->end_of_input(clock.tick());
  collect();
  EXPECT_FALSE(session->finished());
  answer_and_talk(requests.at(0).id);
  EXPECT_TRUE(response.complete);
  EXPECT_TRUE(session->finished());
}

TEST_F(Http2SessionTest, ForgetsARequestThatTheClientReset) {
  const int32_t id = client->request(grpc_headers(), grpc_frame("x"));
  talk();
  client->reset(id, NGHTTP2_CANCEL);
  talk();
  answer_and_talk(requests.at(0).id);
  EXPECT_FALSE(client->responses[id].complete);
  EXPECT_FALSE(session->finished());
}

TEST(FloodGuard, CountsAnewEachSecond) {
  FloodGuard guard(2);
  const Tick start(seconds(1000));
  EXPECT_TRUE(guard.allow_reset(start));
  EXPECT_TRUE(guard.allow_reset(start + milliseconds(999)));
  EXPECT_FALSE(guard.allow_reset(start + milliseconds(999)));
  EXPECT_TRUE(guard.allow_reset(start + seconds(1)));
}

TEST(Sniff, TellsTheProtocolsApartAsSoonAsItCan) {
  EXPECT_EQ(sniff(""), std::nullopt);
  EXPECT_EQ(sniff("P"), std::nullopt);
  EXPECT_EQ(sniff("PRI * HTTP/2.0\r"), std::nullopt);
  EXPECT_EQ(sniff("PRI * HTTP/2.0\r\n"), WireProtocol::kHttp2);
  EXPECT_EQ(sniff("PRI * HTTP/2.0\r\n\r\nSM"), WireProtocol::kHttp2);
  EXPECT_EQ(sniff("PO"), WireProtocol::kHttp1);
  EXPECT_EQ(sniff("PRI * HTTP/1.1\r\n"), WireProtocol::kHttp1);
}

}  // namespace
}  // namespace dualtrace::agent
