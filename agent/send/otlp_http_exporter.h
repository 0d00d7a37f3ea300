#pragma once
// OtlpHttpExporter: OTLP over HTTP with protobuf bodies. What differs between destinations is its
// profile; make_arize_http_exporter() and make_databricks_http_exporter() fill one in.
// Used from one thread; see Exporter.

#include <functional>
#include <memory>
#include <string>

#include "agent/send/exporter.h"
#include "common/net/http_sender.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct OtlpHttpProfile {
  std::string path;
  // Bodies go out compressed. Should the destination refuse the first one with 400 or 415 and take
  // it as it is, they go out as they are from then on.
  bool gzip = false;
  // Beside Content-Type and Content-Encoding; read for each request, so that a new credential is
  // used at once. An error when there is no credential.
  std::function<Result<HttpHeaders>()> headers;
  std::function<void()> credential_refused;
  std::function<Outcome(const HttpResponse&, uint64_t spans)> classify;
};

// `clock` outlives the exporter, and so does what the profile's functions refer to; they are called
// from any thread.
std::unique_ptr<Exporter> make_otlp_http_exporter(OtlpHttpProfile profile,
                                                  std::unique_ptr<HttpSender> client, Clock& clock);

}  // namespace dualtrace::agent
