// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether a proxy intercepts a container's spans: a variable names a proxy, and no variable exempts
// the agents' name. Clients interpret these variables differently; this follows the strictest of
// the clients that send OTLP. NO_PROXY is the user's and is never changed. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "operator/webhook/container_variables.h"

namespace dualtrace::ctl {

// Why the spans may go to a proxy, and what to do; nullopt if no proxy intercepts requests to
// `host`.
[[nodiscard]] std::optional<std::string> proxy_in_the_way(const ContainerVariables& variables,
                                                          std::string_view host);

// Whether every client exempts this host with that NO_PROXY.
[[nodiscard]] bool leaves_out(std::string_view no_proxy, std::string_view host);

}  // namespace dualtrace::ctl
