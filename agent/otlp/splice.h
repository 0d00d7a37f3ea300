// SPDX-License-Identifier: Apache-2.0
#pragma once
// Splice: adds missing resource attributes to a serialized ExportTraceServiceRequest without
// touching any other byte. Used by intake/enricher, the last place where the stored bytes may
// change. Pure, fuzzed.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error/result.h"

namespace dualtrace::agent {

// Adds string attributes `add` to each ResourceSpans whose resource has none of the keys in
// `unless_resource_has`, and whose spans do not all carry one of the keys in `unless_spans_have`.
// Additions are applied in order; each sees the keys added by the earlier ones.
struct ResourceAddition {
  std::vector<std::pair<std::string, std::string>> add;
  std::vector<std::string> unless_resource_has;
  std::vector<std::string> unless_spans_have;
  // If set, an attribute without text (empty, whitespace, of another type) counts as absent, and
  // the addition replaces it. Otherwise a key counts as present whatever its value.
  bool needs_text = false;

  bool operator==(const ResourceAddition&) const = default;
};

// Returns the request with the additions; std::nullopt if there is nothing to add, so that the
// common case needs no copy. Attributes are appended to the existing Resource (a Resource is
// created if there is none) and lengths are rewritten. Everything else is copied unchanged, unknown
// fields included, except for blank attributes that are replaced (needs_text). `request` has passed
// walk(); kInvalid if a deeper part is malformed.
Result<std::optional<std::string>> splice(std::string_view request,
                                          std::span<const ResourceAddition> additions);

// The same, but first asks whether it may make a copy of that maximum size. Does not ask if there
// is nothing to add.
using MayCopy = std::function<Status(size_t bytes)>;
Result<std::optional<std::string>> splice(std::string_view request,
                                          std::span<const ResourceAddition> additions,
                                          const MayCopy& may_copy);

// The most by which splice() enlarges a request, for each ResourceSpans in it.
[[nodiscard]] size_t spliced_bytes_max(std::span<const ResourceAddition> additions);

}  // namespace dualtrace::agent
