#pragma once
// The two places that spans go to; everything in the sandbox is counted and faulted per
// destination. Immutable.

#include <array>
#include <optional>
#include <string_view>

namespace dualtrace::sandbox {

enum class Destination { kArize, kDatabricks };

inline constexpr std::array kDestinations{Destination::kArize, Destination::kDatabricks};

[[nodiscard]] constexpr std::string_view to_string(Destination destination) {
  return destination == Destination::kArize ? "arize" : "databricks";
}

[[nodiscard]] constexpr std::optional<Destination> parse_destination(std::string_view text) {
  for (const Destination destination : kDestinations)
    if (to_string(destination) == text) return destination;
  return std::nullopt;
}

}  // namespace dualtrace::sandbox
