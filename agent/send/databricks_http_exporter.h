// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sends spans to Databricks, which writes them to the Unity Catalog table named in a header:
// through the OTLP endpoint of a workspace, or through Zerobus, its ingest service, which speaks
// plain OTLP/HTTP. OtlpHttpExporter does the work. Used from one thread; see Exporter.

#include <memory>
#include <string>

#include "agent/credential/keyring.h"
#include "agent/send/exporter.h"
#include "agent/send/otlp_http_exporter.h"
#include "common/config/agent_config.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct DatabricksHttpOptions {
  std::string table;          // catalog.schema.table
  Compression compression{};  // undocumented on these paths
};

// A key is the bearer token. `client` calls the workspace's origin. `token` and `clock` outlive the
// exporter.
std::unique_ptr<Exporter> make_databricks_http_exporter(DatabricksHttpOptions options,
                                                        Keyring& token, MakeHttpSender client,
                                                        Clock& clock);
// `client` calls the origin of Zerobus.
std::unique_ptr<Exporter> make_zerobus_http_exporter(DatabricksHttpOptions options, Keyring& token,
                                                     MakeHttpSender client, Clock& clock);

}  // namespace dualtrace::agent
