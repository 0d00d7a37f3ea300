// SPDX-License-Identifier: Apache-2.0
#pragma once
// Other settings in a container's environment that keep its spans from the agents although the
// endpoint is right: a disabled SDK, an exporter that is not OTLP, TLS although agents use plain
// text, a file that replaces all variables, and the like. Only certain problems are reported: a
// value from a source is assumed to be harmless, except for a proxy. Pure.

#include "operator/webhook/container_variables.h"
#include "operator/webhook/endpoints.h"
#include "operator/webhook/warning.h"

namespace dualtrace::ctl {

// `container`: its name, with which each message begins.
[[nodiscard]] PodWarnings exporter_warnings(const ContainerVariables& variables,
                                            std::string_view container, const AgentsOfPod& agents);

}  // namespace dualtrace::ctl
