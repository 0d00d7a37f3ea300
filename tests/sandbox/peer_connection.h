// SPDX-License-Identifier: Apache-2.0
#pragma once
// grpc++ cannot close a single client's connection, but a fault must. This finds its socket among
// the process's file descriptors by the peer's address and shuts it down.
// Thread-safe.

#include <cstdint>
#include <string_view>

namespace dualtrace::sandbox {

// `peer` as ServerContext::peer() formats it ("ipv4:127.0.0.1:5", "ipv6:%5B::1%5D:5"); `local_port`
// is the listener's. Does nothing if the connection no longer exists.
void cut_connection(std::string_view peer, uint16_t local_port);

}  // namespace dualtrace::sandbox
