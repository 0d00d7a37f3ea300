// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/quantity.h"

#include <array>
#include <string_view>

#include "common/config/value.h"
#include "operator/api/kubernetes_rules.h"

namespace dualtrace::ctl {
namespace {

constexpr std::array<std::string_view, 7> kBinary = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
constexpr std::array<std::string_view, 8> kDecimal = {"m", "", "k", "M", "G", "T", "P", "E"};

// In the largest unit that gives a whole number.
template <size_t kCount>
std::string reduced(uint64_t number, uint64_t step, size_t unit,
                    const std::array<std::string_view, kCount>& units) {
  while (unit + 1 < units.size() && number > 0 && number % step == 0) {
    number /= step;
    ++unit;
  }
  return std::to_string(number) + std::string(units.at(unit));
}

std::string canonical(std::string_view resource, const std::string& text) {
  if (resource == "cpu") {
    const auto thousandths = parse_cpu(text);
    if (!thousandths) return text;
    return *thousandths == 0 ? "0" : reduced(*thousandths, 1000, 0, kDecimal);
  }
  const auto bytes = parse_size(text);
  if (!bytes) return text;
  return text.ends_with('i') ? quantity(*bytes) : reduced(*bytes, 1000, 1, kDecimal);
}

}  // namespace

// Below 1024, even binary quantities are written in decimal units.
std::string quantity(uint64_t bytes) {
  return bytes < 1024 ? reduced(bytes, 1000, 1, kDecimal) : reduced(bytes, 1024, 0, kBinary);
}

Json canonical_resources(const Json& resources) {
  Json made = resources;
  if (!made.is_object()) return made;
  for (auto& [kind, quantities] : made.items()) {
    if (!quantities.is_object()) continue;
    for (auto& [resource, value] : quantities.items()) {
      if (value.is_string()) value = canonical(resource, value.get<std::string>());
    }
  }
  return made;
}

}  // namespace dualtrace::ctl
