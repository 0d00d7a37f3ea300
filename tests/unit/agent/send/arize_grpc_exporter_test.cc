// SPDX-License-Identifier: Apache-2.0
#include "agent/send/arize_grpc_exporter.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <sstream>
#include <thread>

#include "common/sync/mutex.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/fakes/raw_server.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/fakes/test_certificates.h"
#include "tests/unit/agent/send/fake_keyring.h"

// c-ares 1.18 leaks the name of each lookup of "localhost".
extern "C" const char* __lsan_default_suppressions() { return "leak:libcares"; }

namespace dualtrace::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) bytes.append(slice.begin(), slice.end());
  return bytes;
}

std::string content_of(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

struct Received {
  std::string method;
  std::multimap<std::string, std::string> metadata;
  std::string body;
  std::string peer{};
};

struct Reply {
  grpc::Status status = grpc::Status::OK;
  std::string body{};
  bool never = false;
};

// Any gRPC service: records the requests and sends the reply that the test configured.
class GenericServer final : public grpc::CallbackGenericService {
 public:
  struct Options {
    int port = 0;
    std::optional<TlsServerOptions> tls{};
    bool gzip = true;
  };

  GenericServer() : GenericServer(Options{.port = 0}) {}
  explicit GenericServer(Options options) {
    grpc::ServerBuilder builder;
    auto credentials = grpc::InsecureServerCredentials();
    if (options.tls) {
      grpc::SslServerCredentialsOptions ssl;
      ssl.pem_key_cert_pairs.push_back(
          {content_of(options.tls->key_file), content_of(options.tls->certificate_file)});
      credentials = grpc::SslServerCredentials(ssl);
    }
    builder.AddListeningPort("127.0.0.1:" + std::to_string(options.port), credentials, &port_);
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, options.gzip);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
  }
  ~GenericServer() override { stop(); }

  void stop() {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::time_point{});
    server_.reset();
  }
  [[nodiscard]] uint16_t port() const { return static_cast<uint16_t>(port_); }
  Received last() {
    Lock lock(mutex_);
    return last_;
  }

  Reply reply;
  std::string refused_key;

 private:
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    Reactor(GenericServer& server, grpc::GenericCallbackServerContext& context)
        : server_(server), context_(context) {
      StartRead(&request_);
    }
    void OnReadDone(bool ok) override {
      if (!ok) return finish(grpc::Status::CANCELLED);
      Received received{context_.method(), {}, bytes_of(request_), context_.peer()};
      for (const auto& [key, value] : context_.client_metadata()) {
        received.metadata.emplace(std::string(key.data(), key.size()),
                                  std::string(value.data(), value.size()));
      }
      const auto key = received.metadata.find("authorization");
      const bool refused = key != received.metadata.end() && key->second == server_.refused_key;
      {
        Lock lock(server_.mutex_);
        server_.last_ = std::move(received);
      }
      if (refused) return finish({grpc::StatusCode::UNAUTHENTICATED, "no such key"});
      const Reply& reply = server_.reply;
      if (reply.never) return;
      const grpc::Slice slice(reply.body);
      response_ = grpc::ByteBuffer(&slice, 1);
      if (!reply.status.ok()) return finish(reply.status);
      if (!finished_.exchange(true)) StartWriteAndFinish(&response_, {}, reply.status);
    }
    void OnCancel() override { finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

   private:
    // gRPC aborts on a second Finish, and a cancelled read also triggers OnCancel.
    void finish(const grpc::Status& status) {
      if (!finished_.exchange(true)) Finish(status);
    }

    GenericServer& server_;
    grpc::GenericCallbackServerContext& context_;
    std::atomic<bool> finished_ = false;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer response_;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Reactor(*this, *context);
  }

  Mutex mutex_;
  Received last_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

struct ArizeGrpcExporter : testing::Test {
  void connect(const std::string& scheme, const std::string& host, uint16_t port,
               ArizeGrpcOptions options = {.compression = Compression::kGzip}) {
    options.endpoint = {.scheme = scheme, .authority = {host, port}, .path = "/v1"};
    exporter = make_arize_grpc_exporter(std::move(options), keys);
  }
  std::future<Outcome> start(const std::string& body = "spans", Duration timeout = seconds(20)) {
    auto outcome = std::make_shared<std::promise<Outcome>>();
    auto future = outcome->get_future();
    exporter->send(
        {.body = std::make_shared<const RequestBody>(body), .spans = 5, .timeout = timeout},
        [outcome, sender = std::this_thread::get_id()](Outcome given) {
          EXPECT_NE(std::this_thread::get_id(), sender);
          outcome->set_value(std::move(given));
        });
    return future;
  }
  Outcome send(const std::string& body = "spans", Duration timeout = seconds(20)) {
    return start(body, timeout).get();
  }

  TemporaryFolder folder;
  FakeKeyring keys{{"ak-secret", "U3BhY2U6MTphYmNk"}};
  std::unique_ptr<Exporter> exporter;
};

TEST_F(ArizeGrpcExporter, SendsTheBytesAsTheyAreCompressedOrNot) {
  GenericServer server;
  const std::string body(3'500'000, 's');
  for (const Compression compression : {Compression::kGzip, Compression::kNone}) {
    connect("http", "127.0.0.1", server.port(), {.compression = compression});
    EXPECT_EQ(send(body).kind, OutcomeKind::kDelivered);
    EXPECT_EQ(server.last().method, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    EXPECT_EQ(server.last().body, body);
  }
}

TEST_F(ArizeGrpcExporter, CompressesWithGzipWhenAsked) {
  GenericServer server({.gzip = false});
  connect("http", "127.0.0.1", server.port(), {.compression = Compression::kGzip});
  const Outcome refused = send();
  EXPECT_EQ(refused.reason, "Misconfigured");
  EXPECT_NE(refused.message.find("gzip"), std::string::npos) << refused.message;
  connect("http", "127.0.0.1", server.port(), {.compression = Compression::kNone});
  EXPECT_EQ(send().kind, OutcomeKind::kDelivered);
}

TEST_F(ArizeGrpcExporter, SaysWhoItIsInBothSpellings) {
  GenericServer server;
  connect("http", "127.0.0.1", server.port());
  send();
  const auto metadata = server.last().metadata;
  const auto value = [&](const char* key) {
    return metadata.count(key) == 1 ? metadata.find(key)->second : "";
  };
  EXPECT_EQ(value("authorization"), "ak-secret");
  EXPECT_EQ(value("api_key"), "ak-secret");
  EXPECT_EQ(value("arize-space-id"), "U3BhY2U6MTphYmNk");
  EXPECT_EQ(value("space_id"), "U3BhY2U6MTphYmNk");
  EXPECT_EQ(value("arize-interface"), "dualtrace");
}

TEST_F(ArizeGrpcExporter, ReadsWhatWasRejected) {
  GenericServer server;
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse response;
  response.mutable_partial_success()->set_rejected_spans(2);
  server.reply.body = response.SerializeAsString();
  connect("http", "127.0.0.1", server.port());
  const Outcome outcome = send();
  EXPECT_EQ(outcome.kind, OutcomeKind::kPartly);
  EXPECT_EQ(outcome.rejected, 2u);
}

TEST_F(ArizeGrpcExporter, ReadsALongAnswerButTakesNoOwnLimitForTheDestinationsWord) {
  GenericServer server;
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse response;
  response.mutable_partial_success()->set_rejected_spans(2);
  response.mutable_partial_success()->set_error_message(std::string(200'000, 'm'));
  server.reply.body = response.SerializeAsString();
  connect("http", "127.0.0.1", server.port());
  EXPECT_EQ(send().rejected, 2u);
  response.mutable_partial_success()->set_error_message(std::string(5'000'000, 'm'));
  server.reply.body = response.SerializeAsString();
  const Outcome outcome = send();
  EXPECT_EQ(outcome.kind, OutcomeKind::kRetry) << outcome.message;
  EXPECT_EQ(outcome.reason, "AnswerTooLarge");
  // If the server sends the same message, it refers to the request.
  server.reply.status = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                     "Received message larger than max (5000000 vs. 4194304)");
  EXPECT_EQ(send().kind, OutcomeKind::kSplit);
}

TEST_F(ArizeGrpcExporter, ReadsTheDelayThatTheServerAsksFor) {
  GenericServer server;
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(4);
  google::rpc::Status status;
  status.add_details()->PackFrom(info);
  server.reply.status =
      grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "slow down", status.SerializeAsString());
  connect("http", "127.0.0.1", server.port());
  const Outcome outcome = send();
  EXPECT_EQ(outcome.reason, "Throttled");
  EXPECT_EQ(outcome.retry_after, seconds(4));
}

TEST_F(ArizeGrpcExporter, TellsWhatBecameOfAKeyAndHidesItInTheWords) {
  GenericServer server;
  server.reply.status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "no such key: ak-secret");
  connect("http", "127.0.0.1", server.port());
  const Outcome refused = send();
  EXPECT_EQ(refused.reason, "AuthRejected");
  EXPECT_EQ(refused.message.find("ak-secret"), std::string::npos) << refused.message;
  ASSERT_EQ(keys.verdicts.size(), 1u);
  EXPECT_EQ(keys.verdicts[0].second.kind, KeyVerdict::Kind::kRefused);
  EXPECT_EQ(keys.verdicts[0].second.reason, "AuthRejected");
  keys.current = FakeKeyring::key({"ak-rotated", "U3BhY2U6MTphYmNk"});
  server.reply.status = grpc::Status::OK;
  EXPECT_EQ(send().kind, OutcomeKind::kDelivered);
  EXPECT_EQ(server.last().metadata.find("authorization")->second, "ak-rotated");
  EXPECT_EQ(keys.verdicts[1].second.kind, KeyVerdict::Kind::kTaken);
}

TEST_F(ArizeGrpcExporter, HidesTheKeyWhateverTheAnswerIs) {
  GenericServer server;
  connect("http", "127.0.0.1", server.port());
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse response;
  response.mutable_partial_success()->set_rejected_spans(2);
  response.mutable_partial_success()->set_error_message("authorization: ak-secret");
  server.reply.body = response.SerializeAsString();
  Outcome outcome = send();
  EXPECT_EQ(outcome.kind, OutcomeKind::kPartly);
  EXPECT_EQ(outcome.rejected, 2u);
  EXPECT_EQ(outcome.message, "authorization: (hidden)");

  response.mutable_partial_success()->set_rejected_spans(0);
  server.reply.body = response.SerializeAsString();
  outcome = send();
  EXPECT_EQ(outcome.kind, OutcomeKind::kDelivered);
  EXPECT_EQ(outcome.message, "authorization: (hidden)");

  server.reply.body.clear();
  for (int code = grpc::StatusCode::CANCELLED; code <= grpc::StatusCode::UNAUTHENTICATED; ++code) {
    server.reply.status =
        grpc::Status(static_cast<grpc::StatusCode>(code),
                     R"({"authorization":"ak\u002dsecret","space":"U3BhY2U6MTphYmNk"})");
    outcome = send();
    EXPECT_EQ(outcome.message.find("secret"), std::string::npos) << code << outcome.message;
    EXPECT_NE(outcome.message.find("(hidden)"), std::string::npos) << code << outcome.message;
    EXPECT_EQ(outcome.message.find("U3Bh"), std::string::npos) << code << outcome.message;
    EXPECT_EQ(keys.verdicts.back().second.message.find("secret"), std::string::npos);
  }
}

TEST_F(ArizeGrpcExporter, SendsARequestAgainWithTheKeyThatIsLeft) {
  GenericServer server;
  server.refused_key = "ak-candidate";
  connect("http", "127.0.0.1", server.port());
  keys.current = FakeKeyring::key({"ak-candidate", "U3BhY2U6MTphYmNk"});
  keys.again = {FakeKeyring::key({"ak-secret", "U3BhY2U6MTphYmNk"})};
  EXPECT_EQ(send("spans").kind, OutcomeKind::kDelivered);
  EXPECT_EQ(server.last().metadata.find("authorization")->second, "ak-secret");
  EXPECT_EQ(server.last().body, "spans");
  ASSERT_EQ(keys.verdicts.size(), 2u);
  EXPECT_EQ(keys.verdicts[0].first, "ak-candidate");
  EXPECT_EQ(keys.verdicts[1].second.kind, KeyVerdict::Kind::kTaken);
}

TEST_F(ArizeGrpcExporter, DoesNotSendARequestAgainForEver) {
  GenericServer server;
  server.reply.status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "no such key");
  connect("http", "127.0.0.1", server.port());
  keys.again.assign(9, keys.current);
  EXPECT_EQ(send().reason, "AuthRejected");
  EXPECT_EQ(keys.verdicts.size(), 3u);
}

TEST_F(ArizeGrpcExporter, SendsNothingWithoutAUsableCredential) {
  GenericServer server;
  connect("http", "127.0.0.1", server.port());
  keys.missing = Error{ErrorKind::kNotFound, "credential file /secret/key: missing"};
  EXPECT_EQ(send().reason, "CredentialMissing");
  keys.missing.reset();
  keys.current = FakeKeyring::key({"ak-\xc3\xa9", "U3BhY2U6MTphYmNk"});
  EXPECT_EQ(send().reason, "CredentialMissing");
  EXPECT_EQ(server.last().method, "");
}

TEST_F(ArizeGrpcExporter, GivesUpAtTheDeadline) {
  GenericServer server;
  server.reply.never = true;
  connect("http", "127.0.0.1", server.port());
  const Outcome outcome = send("spans", milliseconds(200));
  EXPECT_EQ(outcome.kind, OutcomeKind::kRetry);
  EXPECT_EQ(outcome.reason, "Timeout");
  EXPECT_TRUE(outcome.timed_out);
  server.reply.never = false;
  EXPECT_EQ(send().kind, OutcomeKind::kDelivered);
}

TEST_F(ArizeGrpcExporter, KnowsThatNothingWasSentWhereNothingConnects) {
  namespace asio = boost::asio;
  asio::io_context io;
  // A listener with a full backlog no longer answers a SYN.
  asio::ip::tcp::acceptor full(io, {asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  asio::ip::tcp::socket fills(io);
  fills.connect(full.local_endpoint());
  connect("http", "127.0.0.1", full.local_endpoint().port());
  const Outcome outcome = send("spans", milliseconds(200));
  EXPECT_EQ(outcome.reason, "Unreachable") << outcome.message;
  EXPECT_FALSE(outcome.timed_out);
}

TEST_F(ArizeGrpcExporter, AnswersEveryRequestBeforeItIsGone) {
  GenericServer server;
  server.reply.never = true;
  connect("http", "127.0.0.1", server.port());
  std::vector<std::future<Outcome>> outcomes;
  for (int i = 0; i < 4; ++i) outcomes.push_back(start());
  keys.missing = Error{ErrorKind::kNotFound, "missing"};
  outcomes.push_back(start());
  exporter.reset();
  for (auto& outcome : outcomes) {
    ASSERT_EQ(outcome.wait_for(seconds(0)), std::future_status::ready);
  }
  EXPECT_EQ(outcomes[0].get().kind, OutcomeKind::kRetry);
}

bool has_answering_thread() {
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    if (content_of(thread.path() / "comm") == "arize-grpc\n") return true;
  }
  return false;
}

TEST_F(ArizeGrpcExporter, HasNoThreadAndNoConnectionWhileThereIsNothingToSend) {
  GenericServer server;
  connect("http", "127.0.0.1", server.port(), {.idle_close = milliseconds(100)});
  EXPECT_FALSE(has_answering_thread());
  EXPECT_EQ(send().kind, OutcomeKind::kDelivered);
  const std::string peer = server.last().peer;
  while (has_answering_thread()) std::this_thread::yield();
  EXPECT_EQ(send().kind, OutcomeKind::kDelivered);
  EXPECT_NE(server.last().peer, peer);
}

TEST_F(ArizeGrpcExporter, KeepsItsConnectionWhileItWaitsForAnAnswer) {
  GenericServer server;
  server.reply.never = true;
  connect("http", "127.0.0.1", server.port(), {.idle_close = milliseconds(1)});
  EXPECT_EQ(send("spans", milliseconds(300)).reason, "Timeout");
}

TEST_F(ArizeGrpcExporter, TakesRequestsWhileItCloses) {
  GenericServer server;
  connect("http", "127.0.0.1", server.port(), {.idle_close = Duration::zero()});
  for (int i = 0; i < 200; ++i) ASSERT_EQ(send().kind, OutcomeKind::kDelivered);
}

TEST_F(ArizeGrpcExporter, IsBackSoonAfterAnOutage) {
  auto server = std::make_unique<GenericServer>();
  const uint16_t port = server->port();
  connect("http", "127.0.0.1", port);
  EXPECT_EQ(send().kind, OutcomeKind::kDelivered);
  server.reset();
  const Outcome out = send();
  EXPECT_EQ(out.kind, OutcomeKind::kRetry);
  EXPECT_EQ(out.reason, "Unreachable");
  server = std::make_unique<GenericServer>(GenericServer::Options{.port = port});
  const SystemClock clock;
  const Tick end = clock.tick() + seconds(15);
  while (send().kind != OutcomeKind::kDelivered) {
    ASSERT_LT(clock.tick(), end);
  }
}

TEST_F(ArizeGrpcExporter, TrustsTheGivenAuthorityAndNoticesANewOne) {
  TestAuthority authority;
  TestAuthority stranger;
  const std::string ca_file = stranger.ca_file() + ".current";
  std::filesystem::copy_file(stranger.ca_file(), ca_file);
  GenericServer server({.tls = authority.issue({"localhost", "127.0.0.1"})});
  connect("https", "localhost", server.port(), {.tls = {.ca_file = ca_file}});
  EXPECT_EQ(send().reason, "Unreachable");
  std::filesystem::copy_file(authority.ca_file(), ca_file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(send().kind, OutcomeKind::kDelivered);
}

// Without explicit roots gRPC trusts the system's, and any valid certificate would get the key.
TEST_F(ArizeGrpcExporter, SendsNothingWhileItsAuthorityCannotBeRead) {
  TestAuthority authority;
  const std::string ca_file = authority.ca_file() + ".current";
  auto server = std::make_unique<GenericServer>(
      GenericServer::Options{.tls = authority.issue({"localhost", "127.0.0.1"})});
  const int port = server->port();
  connect("https", "localhost", server->port(), {.tls = {.ca_file = ca_file}});
  const auto expect_unusable = [&](const Outcome& outcome) {
    EXPECT_EQ(outcome.kind, OutcomeKind::kPause);
    EXPECT_EQ(outcome.reason, "Misconfigured");
    EXPECT_NE(outcome.message.find(ca_file), std::string::npos) << outcome.message;
  };
  expect_unusable(send());
  for (const char* content : {"", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n"}) {
    std::ofstream(ca_file) << content;
    expect_unusable(send());
  }
  EXPECT_EQ(server->last().method, "");
  std::ofstream(ca_file) << authority.ca_pem();
  EXPECT_EQ(send().kind, OutcomeKind::kDelivered);
  // This also holds when the file is read again after an outage.
  std::filesystem::remove(ca_file);
  server.reset();
  EXPECT_EQ(send().reason, "Unreachable");
  expect_unusable(send());
  expect_unusable(send());
  std::ofstream(ca_file) << authority.ca_pem();
  server = std::make_unique<GenericServer>(
      GenericServer::Options{.port = port, .tls = authority.issue({"localhost", "127.0.0.1"})});
  const SystemClock clock;
  const Tick end = clock.tick() + seconds(15);
  while (send().kind != OutcomeKind::kDelivered) {
    ASSERT_LT(clock.tick(), end);
  }
}

TEST_F(ArizeGrpcExporter, RefusesACertificateForAnotherHost) {
  TestAuthority authority;
  GenericServer server({.tls = authority.issue({"other.example"})});
  connect("https", "localhost", server.port(), {.tls = {.ca_file = authority.ca_file()}});
  EXPECT_EQ(send().reason, "Unreachable");
}

TEST_F(ArizeGrpcExporter, RefusesAnExpiredCertificate) {
  TestAuthority authority;
  GenericServer server({.tls = authority.issue_expired({"localhost"})});
  connect("https", "localhost", server.port(), {.tls = {.ca_file = authority.ca_file()}});
  EXPECT_EQ(send().reason, "Unreachable");
  EXPECT_EQ(server.last().method, "");
}

// How many PING frames, other than answers to the server's, are in what a client sent.
size_t pings_in(const std::string& sent) {
  constexpr size_t kPrefaceBytes = 24;
  constexpr size_t kHeaderBytes = 9;
  const auto byte = [&sent](size_t at) { return static_cast<unsigned char>(sent[at]); };
  size_t pings = 0;
  for (size_t at = kPrefaceBytes; at + kHeaderBytes <= sent.size();) {
    const size_t length = (byte(at) << 16) + (byte(at + 1) << 8) + byte(at + 2);
    pings += byte(at + 3) == 6 && (byte(at + 4) & 1) == 0 ? 1 : 0;
    at += kHeaderBytes + length;
  }
  return pings;
}

TEST_F(ArizeGrpcExporter, SendsNothingButRequests) {
  namespace asio = boost::asio;
  using Socket = asio::ip::tcp::socket;
  GenericServer server;
  Mutex mutex;
  std::string sent;
  const auto pump = [](Socket& from, Socket& to, const std::function<void(std::string)>& passed) {
    boost::system::error_code error;
    std::array<char, 4096> buffer;
    while (const size_t n = from.read_some(asio::buffer(buffer), error)) {
      passed({buffer.data(), n});
      asio::write(to, asio::buffer(buffer, n), error);
    }
    to.shutdown(Socket::shutdown_both, error);
  };
  RawServer relay([&](Socket& client) {
    asio::io_context io;
    Socket target(io);
    target.connect({asio::ip::address_v4::loopback(), server.port()});
    std::thread back([&] { pump(target, client, [](const std::string&) {}); });
    pump(client, target, [&](const std::string& bytes) {
      const Lock lock(mutex);
      sent += bytes;
    });
    back.join();
  });
  connect("http", "127.0.0.1", relay.port());
  for (int i = 0; i < 3; ++i) ASSERT_EQ(send().kind, OutcomeKind::kDelivered);
  {
    const Lock lock(mutex);
    ASSERT_GT(sent.size(), 100u);
    EXPECT_EQ(pings_in(sent), 0u);
  }
  exporter.reset();  // the relay's connection ends
}

TEST_F(ArizeGrpcExporter, AsksItsProxyForATunnel) {
  namespace asio = boost::asio;
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  const uint16_t port = acceptor.local_endpoint().port();
  std::promise<std::string> asked;
  std::thread proxy([&] {
    asio::ip::tcp::socket socket = acceptor.accept();
    std::string head;
    asio::read_until(socket, asio::dynamic_buffer(head), "\r\n\r\n");
    asked.set_value(head);
    asio::write(socket, asio::buffer(std::string_view("HTTP/1.1 407 No\r\n\r\n")));
  });
  const std::string user = folder.file("user", "agents\n");
  const std::string password = folder.file("password", "s3cret:word\n");
  connect(
      "http", "a.example", 4317,
      {.proxy = HttpProxy{.url = {.scheme = "http", .authority = {"127.0.0.1", port}, .path = {}},
                          .username_file = user,
                          .password_file = password}});
  const Outcome outcome = send("spans", seconds(5));
  EXPECT_EQ(outcome.kind, OutcomeKind::kPause);
  EXPECT_NE(outcome.message.find("check proxyAuth"), std::string::npos) << outcome.message;
  proxy.join();
  const std::string head = asked.get_future().get();
  EXPECT_TRUE(head.starts_with("CONNECT a.example:4317"));
  EXPECT_NE(head.find("Proxy-Authorization: Basic YWdlbnRzOnMzY3JldDp3b3Jk\r\n"), std::string::npos)
      << head;
}

}  // namespace
}  // namespace dualtrace::agent
