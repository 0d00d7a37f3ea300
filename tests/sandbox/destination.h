// SPDX-License-Identifier: Apache-2.0
#pragma once
// The endpoints that requests go to: those that accept spans, and the two of a workspace that issue
// tokens and answer discovery. Everything in the sandbox is counted, and faults are injected, per
// destination; only those that accept spans have their own ports and rows. Immutable.

#include <array>
#include <optional>
#include <string_view>

namespace dualtrace::sandbox {

enum class Destination { kArize, kDatabricks, kZerobus, kToken, kDiscovery };

inline constexpr std::array kDestinations{Destination::kArize, Destination::kDatabricks,
                                          Destination::kZerobus};
inline constexpr std::array kFaultTargets{Destination::kArize, Destination::kDatabricks,
                                          Destination::kZerobus, Destination::kToken,
                                          Destination::kDiscovery};

[[nodiscard]] constexpr std::string_view to_string(Destination destination) {
  switch (destination) {
    case Destination::kArize:
      return "arize";
    case Destination::kDatabricks:
      return "databricks";
    case Destination::kZerobus:
      return "zerobus";
    case Destination::kToken:
      return "token";
    case Destination::kDiscovery:
      return "discovery";
  }
  return "unknown";
}

[[nodiscard]] constexpr bool has_ports(Destination destination) {
  return destination != Destination::kToken && destination != Destination::kDiscovery;
}

// One of kDestinations.
[[nodiscard]] constexpr std::optional<Destination> parse_destination(std::string_view text) {
  for (const Destination destination : kDestinations)
    if (to_string(destination) == text) return destination;
  return std::nullopt;
}

[[nodiscard]] constexpr std::optional<Destination> parse_fault_target(std::string_view text) {
  for (const Destination destination : kFaultTargets)
    if (to_string(destination) == text) return destination;
  return std::nullopt;
}

}  // namespace dualtrace::sandbox
