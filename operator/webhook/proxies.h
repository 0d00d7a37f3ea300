// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether a proxy takes a container's spans: a variable names one, and none says that the agents'
// name is reached without it. What clients make of these variables differs; this is the strictest
// reading of those that send OTLP. NO_PROXY is the user's and is never changed. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "operator/webhook/container_variables.h"

namespace dualtrace::ctl {

// Why the spans may go to a proxy, and what to do; nullopt when none takes what is sent to `host`.
[[nodiscard]] std::optional<std::string> proxy_in_the_way(const ContainerVariables& variables,
                                                          std::string_view host);

// Whether every client takes the text of a NO_PROXY to mean this host.
[[nodiscard]] bool leaves_out(std::string_view no_proxy, std::string_view host);

}  // namespace dualtrace::ctl
