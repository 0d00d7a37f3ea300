// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/content_coding.h"

#include <array>

#include "agent/receive/header_text.h"

namespace dualtrace::agent {
namespace {

struct Coding {
  std::string_view name;
  BodyEncoding encoding;
  bool grpc = true;        // gRPC knows it by that name too
  bool advertised = true;  // false for a second name of the same coding
};

// To support another coding, add a row here.
constexpr auto kCodings = std::to_array<Coding>({
    {.name = "identity", .encoding = BodyEncoding::kIdentity},
    {.name = "gzip", .encoding = BodyEncoding::kGzip},
    {.name = "zstd", .encoding = BodyEncoding::kZstd},
    // The old name of gzip (RFC 9110, 8.4.1.3).
    {.name = "x-gzip", .encoding = BodyEncoding::kGzip, .grpc = false, .advertised = false},
});

const Coding* find(std::string_view lower_case) {
  for (const Coding& coding : kCodings) {
    if (coding.name == lower_case) return &coding;
  }
  return nullptr;
}

std::string taken(bool grpc, std::string_view separator) {
  std::string names;
  for (const Coding& coding : kCodings) {
    if (!coding.advertised || (grpc && !coding.grpc)) continue;
    names.append(names.empty() ? "" : separator).append(coding.name);
  }
  return names;
}

}  // namespace

std::optional<BodyEncoding> content_coding(std::string_view list) {
  BodyEncoding encoding = BodyEncoding::kIdentity;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string name = trimmed_lower(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (name.empty()) continue;  // an empty element is ignored (RFC 9110, 5.6.1)
    const Coding* coding = find(name);
    if (coding == nullptr) return std::nullopt;
    if (coding->encoding == BodyEncoding::kIdentity) continue;
    if (encoding != BodyEncoding::kIdentity) return std::nullopt;
    encoding = coding->encoding;
  }
  return encoding;
}

std::optional<BodyEncoding> grpc_coding(std::string_view name) {
  const std::string lower = trimmed_lower(name);
  if (lower.empty()) return BodyEncoding::kIdentity;
  const Coding* coding = find(lower);
  if (coding == nullptr || !coding->grpc) return std::nullopt;
  return coding->encoding;
}

std::string taken_content_codings() { return taken(false, ", "); }
std::string taken_grpc_codings() { return taken(true, ","); }

}  // namespace dualtrace::agent
