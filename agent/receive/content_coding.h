// SPDX-License-Identifier: Apache-2.0
#pragma once
// The content codings of requests, in one table: Content-Encoding of HTTP and grpc-encoding of
// gRPC. Pure. Thread-safe.

#include <optional>
#include <string>
#include <string_view>

#include "agent/intake/intake.h"

namespace dualtrace::agent {

// Parses a Content-Encoding, which is a list: "gzip", "X-GZip", "gzip, identity". nullopt for an
// unsupported coding, and for more than one applied in sequence.
[[nodiscard]] std::optional<BodyEncoding> content_coding(std::string_view list);
// Parses a grpc-encoding, which is one name.
[[nodiscard]] std::optional<BodyEncoding> grpc_coding(std::string_view name);

// The supported codings, for Accept-Encoding and grpc-accept-encoding.
[[nodiscard]] std::string taken_content_codings();
[[nodiscard]] std::string taken_grpc_codings();

}  // namespace dualtrace::agent
