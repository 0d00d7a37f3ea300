// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/sandbox.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>

#include "common/compress/gzip.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/sandbox/files.h"
#include "tests/unit/sandbox/requests.h"

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;
using ResponseProto = opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;

constexpr auto kTimeout = std::chrono::seconds(10);
const HttpHeaders kArizeHeaders{{"authorization", "ak-1"}, {"arize-space-id", kSpaceId}};
const HttpHeaders kDatabricksHeaders{{"authorization", "Bearer token-1"},
                                     {"content-type", "application/x-protobuf"},
                                     {"X-Databricks-UC-Table-Name", "main.traces.spans"}};

class SandboxTest : public testing::Test {
 protected:
  SandboxTest() {
    options.folder = testing::TempDir() + "/sandbox_test_" +
                     testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(options.folder);
    options.access = {.arize_api_keys = {{"ak-1"}},
                      .arize_spaces = {{kSpaceId}},
                      .databricks_tokens = {{"token-1"}},
                      .databricks_tables = {{{"main.traces.spans", "v2"}}}};
    start();
  }
  ~SandboxTest() override {
    sandbox.reset();
    std::filesystem::remove_all(options.folder);
  }

  void start() {
    sandbox.reset();
    auto started = Sandbox::start(options);
    ASSERT_TRUE(started) << started.error().message;
    sandbox = *std::move(started);
  }

  Result<HttpResponse> send(uint16_t port, HttpRequest request, Duration timeout = kTimeout) const {
    const bool secure = options.tls && port != sandbox->admin_port();
    HttpClient::Options client_options;
    client_options.origin.scheme = secure ? "https" : "http";
    client_options.origin.authority = {"localhost", port};
    if (secure) client_options.tls.ca_file = options.folder + "/ca.pem";
    const auto client = make_http_client(std::move(client_options));
    std::promise<Result<HttpResponse>> answered;
    client->send(std::move(request), timeout,
                 [&](Result<HttpResponse> response) { answered.set_value(std::move(response)); });
    return answered.get_future().get();
  }

  Result<HttpResponse> databricks(std::string body, HttpHeaders more = {},
                                  const std::string& path = "/api/2.0/otel/v1/traces") const {
    more.insert(more.end(), kDatabricksHeaders.begin(), kDatabricksHeaders.end());
    return send(sandbox->ports().databricks,
                {.path = path, .headers = std::move(more), .body = std::move(body)});
  }

  Result<HttpResponse> arize_http(std::string body,
                                  std::string type = "application/x-protobuf") const {
    HttpHeaders headers = kArizeHeaders;
    headers.emplace_back("content-type", std::move(type));
    return send(sandbox->ports().arize_http,
                {.path = "/v1/traces", .headers = std::move(headers), .body = std::move(body)});
  }

  grpc::Status arize_grpc(const std::string& body, const HttpHeaders& headers = kArizeHeaders,
                          ResponseProto* response = nullptr) const {
    grpc::SslCredentialsOptions tls;
    if (options.tls) tls.pem_root_certs = *read_text(options.folder + "/ca.pem");
    const auto channel = grpc::CreateChannel(
        "127.0.0.1:" + std::to_string(sandbox->ports().arize_grpc),
        options.tls ? grpc::SslCredentials(tls) : grpc::InsecureChannelCredentials());
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    context.set_deadline(SystemClock().wall() + kTimeout);
    for (const auto& [name, value] : headers) context.AddMetadata(name, value);
    const grpc::Slice slice(body);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer reply;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", {},
                   &request, &reply, [&](grpc::Status status) { done.set_value(status); });
    const grpc::Status status = done.get_future().get();
    grpc::Slice bytes;
    if (response != nullptr && reply.TrySingleSlice(&bytes).ok()) {
      EXPECT_TRUE(response->ParseFromArray(bytes.begin(), static_cast<int>(bytes.size())));
    }
    return status;
  }

  std::string get(const std::string& path) const {
    auto response =
        send(sandbox->admin_port(), {.method = "GET", .path = path, .headers = {}, .body = {}});
    EXPECT_TRUE(response && response->status == 200) << path;
    return response->body;
  }
  int post(const std::string& path, std::string body) const {
    return send(sandbox->admin_port(), {.path = path, .headers = {}, .body = std::move(body)})
        ->status;
  }
  json stats(const std::string& destination) const {
    return json::parse(get("/stats"))[destination];
  }

  Options options;
  std::unique_ptr<Sandbox> sandbox;
};

TEST_F(SandboxTest, TakesSpansOverEveryWay) {
  EXPECT_TRUE(arize_grpc(to_bytes({.first_span_id = 1})).ok());
  EXPECT_EQ(arize_http(to_bytes({.first_span_id = 2}))->status, 200);
  const auto response = databricks(to_bytes({}));
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(databricks(gzip(to_bytes({})), {{"content-encoding", "gzip"}})->status, 200);
  EXPECT_EQ(stats("arize")["unique"], 2);
  EXPECT_EQ(stats("databricks")["exact_duplicates"], 1);
  EXPECT_EQ(get("/ids?destination=databricks"),
            "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a 0000000000000001 2\n");
  const json rows = json::parse(get("/spans?destination=arize&trace_id=" + std::string(32, '0')));
  EXPECT_TRUE(rows.empty());
}

TEST_F(SandboxTest, ReadsOtlpJson) {
  const auto response = arize_http(R"({"resourceSpans": [{"resource": {"attributes": [
      {"key": "model_id", "value": {"stringValue": "p"}}]}, "scopeSpans": [{"spans": [
      {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174", "kind": 2,
       "startTimeUnixNano": "1544712660000000000", "unknown": 1}]}]}]})",
                                   "application/json");
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "{}");
  const json row = json::parse(get("/spans?destination=arize"))[0];
  EXPECT_EQ(row["trace_id"], "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(row["span_id"], "eee19b7ec3c1b174");
  EXPECT_EQ(row["kind"], "SPAN_KIND_SERVER");
}

TEST_F(SandboxTest, RefusesWhatTheRealOnesRefuse) {
  EXPECT_EQ(arize_grpc(to_bytes({}), {}).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(arize_grpc("\xff\xff").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(arize_http("\xff\xff")->status, 400);
  const auto no_project = arize_http(to_bytes({.project_key = ""}));
  EXPECT_EQ(no_project->status, 500);
  EXPECT_NE(no_project->body.find("Found 1 errors"), std::string::npos);
  const grpc::Status too_large = arize_grpc(to_bytes({.padding_bytes = 4 * 1024 * 1024}));
  EXPECT_EQ(too_large.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_NE(too_large.error_message().find("vs. 4194304"), std::string::npos);
  EXPECT_EQ(databricks(to_bytes({}), {}, "/v1/traces")->status, 404);
  EXPECT_EQ(databricks("no gzip", {{"content-encoding", "gzip"}})->status, 400);
  EXPECT_EQ(stats("arize")["spans"], 0);
  EXPECT_EQ(
      stats("arize")["refused"],
      (json{{"unauthenticated", 1}, {"unparsable", 2}, {"missing_project", 1}, {"too_large", 1}}));
}

TEST_F(SandboxTest, SwallowsWhatIsSentToASpaceByItsName) {
  EXPECT_TRUE(arize_grpc(to_bytes({.span_names = {"a", "b"}}),
                         {{"authorization", "ak-1"}, {"arize-space-id", "my-space"}})
                  .ok());
  EXPECT_EQ(stats("arize")["swallowed"], 2);
  EXPECT_EQ(stats("arize")["spans"], 0);
}

TEST_F(SandboxTest, AnswersAnyStatusWithItsHints) {
  post("/faults/arize",
       R"({"kind": "status", "code": 14, "message": "busy", "retry_info": 1.5, "count": 1})");
  const grpc::Status status = arize_grpc(to_bytes({}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "busy");
  google::rpc::Status details;
  google::rpc::RetryInfo info;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.retry_delay().seconds(), 1);
  EXPECT_EQ(info.retry_delay().nanos(), 500'000'000);

  post("/faults/databricks", R"({"kind": "status", "status": 429, "retry_after": 3, "count": 1})");
  const auto response = databricks(to_bytes({}));
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->header("retry-after"), "3");
  EXPECT_EQ(databricks(to_bytes({}))->status, 200);
  EXPECT_TRUE(arize_grpc(to_bytes({})).ok());
}

TEST_F(SandboxTest, RejectsTheFirstSpansOfARequest) {
  for (const char* path : {"/faults/arize", "/faults/databricks"})
    post(path, R"({"kind": "partial", "rejected_spans": 2, "message": "two"})");
  ResponseProto response;
  EXPECT_TRUE(arize_grpc(to_bytes({.span_names = {"a", "b", "c"}}), kArizeHeaders, &response).ok());
  EXPECT_EQ(response.partial_success().rejected_spans(), 2);
  EXPECT_EQ(response.partial_success().error_message(), "two");
  ASSERT_TRUE(response.ParseFromString(databricks(to_bytes({}))->body));
  EXPECT_EQ(response.partial_success().rejected_spans(), 1);
  EXPECT_EQ(json::parse(get("/spans?destination=arize")).at(0)["name"], "c");
  EXPECT_EQ(stats("arize")["rejected"], 2);
}

TEST_F(SandboxTest, CutsTheConnectionWithTheSpansStoredOrNot) {
  for (const char* path : {"/faults/arize", "/faults/databricks"})
    post(path, R"({"kind": "cut", "count": 1, "store": "before"})");
  EXPECT_EQ(arize_grpc(to_bytes({})).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(databricks(to_bytes({})));
  EXPECT_EQ(stats("arize")["spans"], 1);
  EXPECT_EQ(stats("databricks")["spans"], 1);
  post("/faults/databricks", R"({"kind": "cut", "count": 1, "store": "never"})");
  EXPECT_FALSE(databricks(to_bytes({})));
  EXPECT_EQ(stats("databricks")["spans"], 1);
}

TEST_F(SandboxTest, NeverAnswersFromABlackHole) {
  post("/faults/databricks", R"({"kind": "blackhole"})");
  const auto silent =
      send(sandbox->ports().databricks,
           {.path = "/api/2.0/otel/v1/traces", .headers = kDatabricksHeaders, .body = {}},
           std::chrono::milliseconds(100));
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().kind, ErrorKind::kCancelled);
  post("/faults/arize", R"({"kind": "blackhole"})");
  auto waiting = std::async([&] { return arize_grpc(to_bytes({})); });
  while (stats("arize")["requests"] == 0) {
  }
  EXPECT_EQ(post("/faults/arize", R"({"kind": "none"})"), 200);
  EXPECT_EQ(waiting.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(arize_grpc(to_bytes({})).ok());
}

TEST_F(SandboxTest, AnswersSlowly) {
  for (const char* store : {"before", "after"}) {
    post("/faults/databricks",
         R"({"kind": "slow", "ms": 60, "count": 1, "store": ")" + std::string(store) + "\"}");
    const auto start = SystemClock().tick();
    EXPECT_EQ(databricks(to_bytes({}))->status, 200);
    EXPECT_GE(SystemClock().tick() - start, std::chrono::milliseconds(60));
  }
  EXPECT_EQ(stats("databricks")["spans"], 2);
}

TEST_F(SandboxTest, RefusesConnectionsUntilToldOtherwise) {
  const DestinationPorts ports = sandbox->ports();
  for (const char* path : {"/faults/arize", "/faults/databricks"})
    EXPECT_EQ(post(path, R"({"kind": "refuse"})"), 200);
  EXPECT_EQ(arize_grpc(to_bytes({})).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(databricks(to_bytes({})));
  EXPECT_FALSE(arize_http(to_bytes({})));
  EXPECT_EQ(post("/faults/databricks", R"({"kind": "none"})"), 200);
  EXPECT_EQ(databricks(to_bytes({}))->status, 200);
  EXPECT_EQ(post("/reset", ""), 200);
  EXPECT_TRUE(arize_grpc(to_bytes({})).ok());
  EXPECT_EQ(arize_http(to_bytes({}))->status, 200);
  EXPECT_EQ(sandbox->ports().arize_grpc, ports.arize_grpc);
  EXPECT_EQ(sandbox->ports().databricks, ports.databricks);
}

TEST_F(SandboxTest, ListensAgainWhenTheRefusalIsOver) {
  post("/faults/databricks", R"({"kind": "refuse", "seconds": 0.05})");
  while (!databricks(to_bytes({}))) {
  }
  EXPECT_EQ(stats("databricks")["spans"], 1);
}

TEST_F(SandboxTest, RefusesLargeAndPoisonedRequestsOnly) {
  post("/faults/arize", R"({"kind": "limit", "bytes": 300})");
  post("/faults/databricks", R"({"kind": "poison", "match": "bad"})");
  EXPECT_EQ(arize_grpc(to_bytes({.padding_bytes = 300})).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(arize_http(to_bytes({.padding_bytes = 300}))->status, 413);
  EXPECT_TRUE(arize_grpc(to_bytes({})).ok());
  EXPECT_EQ(databricks(to_bytes({.span_names = {"good", "bad"}}))->status, 400);
  EXPECT_EQ(databricks(to_bytes({.span_names = {"good"}}))->status, 200);
}

TEST_F(SandboxTest, ChangesCredentialsWhileItRuns) {
  EXPECT_EQ(post("/credentials", R"({"databricks_tokens": ["token-2"], "databricks_gzip": false})"),
            200);
  EXPECT_EQ(databricks(to_bytes({}))->status, 401);
  EXPECT_EQ(post("/credentials", R"({"databricks_tokens": null})"), 200);
  EXPECT_EQ(databricks(to_bytes({}))->status, 200);
  EXPECT_EQ(databricks(gzip(to_bytes({})), {{"content-encoding", "gzip"}})->status, 415);
  EXPECT_EQ(post("/credentials", R"({"databricks_tokens": 7})"), 400);
  EXPECT_EQ(post("/credentials", R"({"tokens": []})"), 400);
  EXPECT_EQ(post("/faults/nowhere", R"({"kind": "none"})"), 404);
}

TEST_F(SandboxTest, KeepsNoSecretsOfTheRequests) {
  EXPECT_TRUE(databricks(to_bytes({})));
  EXPECT_TRUE(arize_grpc(to_bytes({})).ok());
  const std::string requests = get("/requests");
  EXPECT_NE(requests.find("x-databricks-uc-table-name"), std::string::npos);
  EXPECT_EQ(requests.find("token-1"), std::string::npos);
  EXPECT_EQ(requests.find("ak-1"), std::string::npos);
}

TEST_F(SandboxTest, SpeaksTlsWithItsOwnAuthority) {
  options.tls = true;
  start();
  EXPECT_TRUE(arize_grpc(to_bytes({.first_span_id = 1})).ok());
  EXPECT_EQ(arize_http(to_bytes({.first_span_id = 2}))->status, 200);
  EXPECT_EQ(databricks(to_bytes({}))->status, 200);
  const json ports = json::parse(*read_text(options.folder + "/ports.json"));
  EXPECT_EQ(ports["admin"], sandbox->admin_port());
  EXPECT_TRUE(std::filesystem::exists(ports["ca_file"].get<std::string>()));
}

}  // namespace
}  // namespace dualtrace::sandbox
