#pragma once
// DatabricksHttpExporter: spans to the OTLP endpoint of a Databricks workspace, which writes them
// to the Unity Catalog table that is named in a header. OtlpHttpExporter does the work. Used from
// one thread; see Exporter.

#include <memory>
#include <string>

#include "agent/credential/credential.h"
#include "agent/send/exporter.h"
#include "common/net/http_sender.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct DatabricksHttpOptions {
  std::string table;  // catalog.schema.table
  bool gzip = false;  // undocumented on this path
};

// `client` calls the workspace's origin. `token` and `clock` outlive the exporter.
std::unique_ptr<Exporter> make_databricks_http_exporter(DatabricksHttpOptions options,
                                                        Credential& token,
                                                        std::unique_ptr<HttpSender> client,
                                                        Clock& clock);

}  // namespace dualtrace::agent
