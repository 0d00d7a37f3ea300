// SPDX-License-Identifier: Apache-2.0
#pragma once
// What else in a container's environment keeps its spans from the agents though the endpoint is
// right: an SDK that is switched off, an exporter that is not OTLP's, TLS where agents speak
// plainly, a file that is read in place of all variables, and the like. Only what is certain is
// told: a value that comes from a source is not guessed at, but for a proxy's. Pure.

#include "operator/webhook/container_variables.h"
#include "operator/webhook/endpoints.h"
#include "operator/webhook/warning.h"

namespace dualtrace::ctl {

// `container`: its name, which begins each message.
[[nodiscard]] PodWarnings exporter_warnings(const ContainerVariables& variables,
                                            std::string_view container, const AgentsOfPod& agents);

}  // namespace dualtrace::ctl
