// SPDX-License-Identifier: Apache-2.0
#pragma once
// grpc++ has no way to close one client's connection; a fault must. This finds its socket among the
// process's file descriptors by the peer's address and shuts it down.
// Thread-safe.

#include <cstdint>
#include <string_view>

namespace dualtrace::sandbox {

// `peer` as ServerContext::peer() writes it ("ipv4:127.0.0.1:5", "ipv6:%5B::1%5D:5"); `local_port`
// is the listener's. Does nothing when there is no such connection any more.
void cut_connection(std::string_view peer, uint16_t local_port);

}  // namespace dualtrace::sandbox
