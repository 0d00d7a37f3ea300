// SPDX-License-Identifier: Apache-2.0
#pragma once
// OtlpHttpExporter: OTLP over HTTP with protobuf bodies. What differs between destinations is its
// profile; make_arize_http_exporter(), make_databricks_http_exporter() and
// make_zerobus_http_exporter() fill one in.
// Used from one thread; see Exporter.

#include <functional>
#include <memory>
#include <string>

#include "agent/credential/keyring.h"
#include "agent/send/exporter.h"
#include "common/net/http_sender.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// Makes the client with the first request, as a key may say where to send to.
using MakeHttpSender = std::function<std::unique_ptr<HttpSender>(const Key&)>;

struct OtlpHttpProfile {
  std::string path;
  // Bodies go out compressed. Should the destination refuse the first one with 400 or 415 and take
  // it as it is, they go out as they are from then on.
  bool gzip = false;
  // Beside Content-Type and Content-Encoding.
  std::function<HttpHeaders(const Key&)> headers;
  std::function<Outcome(const HttpResponse&, uint64_t spans)> classify;
  MakeHttpSender make_client;
};

// `keys` and `clock` outlive the exporter, and so does what the profile's functions refer to; they
// are called from any thread.
std::unique_ptr<Exporter> make_otlp_http_exporter(OtlpHttpProfile profile, Keyring& keys,
                                                  Clock& clock);

}  // namespace dualtrace::agent
