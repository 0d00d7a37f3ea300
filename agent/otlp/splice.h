// SPDX-License-Identifier: Apache-2.0
#pragma once
// Splice: adds resource attributes to a serialised ExportTraceServiceRequest where they are
// missing, touching no other byte. Used by intake/enricher, the last place where the stored bytes
// may change. Pure, fuzzed.

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
// Additions apply in order; each sees the keys that those before it added.
struct ResourceAddition {
  std::vector<std::pair<std::string, std::string>> add;
  std::vector<std::string> unless_resource_has;
  std::vector<std::string> unless_spans_have;
  // An attribute without a text (empty, white space, of another type) counts as absent, and makes
  // room for what is added under its key. Otherwise a key alone counts, whatever its value.
  bool needs_text = false;

  bool operator==(const ResourceAddition&) const = default;
};

// The request with the additions; std::nullopt when nothing is to be added (the common case costs
// no copy). Attributes go to the end of the existing Resource's list (a Resource is made where
// there is none); lengths are rewritten, everything else is copied as it is, unknown fields
// included, but for blank attributes that are replaced (needs_text). `request` has passed walk();
// kInvalid if a deeper part is malformed.
Result<std::optional<std::string>> splice(std::string_view request,
                                          std::span<const ResourceAddition> additions);

// The same; asks before it makes a copy, with the bytes that the copy takes at most. What needs
// nothing costs nothing.
using MayCopy = std::function<Status(size_t bytes)>;
Result<std::optional<std::string>> splice(std::string_view request,
                                          std::span<const ResourceAddition> additions,
                                          const MayCopy& may_copy);

// By how much splice() lets a request grow at most, for each ResourceSpans in it.
[[nodiscard]] size_t spliced_bytes_max(std::span<const ResourceAddition> additions);

}  // namespace dualtrace::agent
