// SPDX-License-Identifier: Apache-2.0
#pragma once
// OtlpHttpExporter: OTLP over HTTP with protobuf bodies. A profile contains the differences between
// destinations; make_arize_http_exporter(), make_databricks_http_exporter() and
// make_zerobus_http_exporter() fill one in.
// Used from one thread; see Exporter.

#include <functional>
#include <memory>
#include <string>

#include "agent/credential/keyring.h"
#include "agent/send/exporter.h"
#include "common/config/agent_config.h"
#include "common/net/http_sender.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// Makes the client on the first request, since the key may contain the address.
using MakeHttpSender = std::function<std::unique_ptr<HttpSender>(const Key&)>;

struct OtlpHttpProfile {
  std::string path;
  // kGzip: if the destination refuses the first body with 400 or 415 but accepts it uncompressed,
  // all later ones are sent uncompressed.
  Compression compression{};
  // In addition to Content-Type and Content-Encoding.
  std::function<HttpHeaders(const Key&)> headers;
  std::function<Outcome(const HttpResponse&, uint64_t spans)> classify;
  MakeHttpSender make_client;
};

// `keys` and `clock` outlive the exporter, as does everything that the profile's functions refer
// to. These functions are called from any thread.
std::unique_ptr<Exporter> make_otlp_http_exporter(OtlpHttpProfile profile, Keyring& keys,
                                                  Clock& clock);

}  // namespace dualtrace::agent
