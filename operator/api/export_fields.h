// SPDX-License-Identifier: Apache-2.0
#pragma once
// The fields of a DualTraceExport's spec: one table that parse_export() checks names, shapes and
// bounds against, and that the CRD, the agent's configuration and docs/resource.md must agree with
// (tested). Rules that no bound can say stand in dual_trace_export.cc and in the CRD's CEL.
// Immutable.

#include <cstdint>
#include <span>
#include <string_view>

namespace dualtrace::ctl {

enum class FieldType {
  kSection,   // an object with fields of its own
  kText,      // one line
  kChoice,    // one of a few words
  kName,      // of an object in the export's namespace
  kDataKey,   // of a Secret or ConfigMap
  kSize,      // bytes, such as 4Gi
  kMemory,    // the same as Kubernetes writes it: a number will do
  kCpu,       // processors as Kubernetes writes them
  kShare,     // of a disk: a size or a percentage
  kDuration,  // 72h, 1h30m
  kInteger,
  kCountOrPercent,  // 3, 10%
  kMap,             // name: text
  kList,            // of sections
  kTexts,           // a list of texts
};

struct ExportField {
  std::string_view path;  // "spec.agent.tolerations[].key"
  FieldType type = FieldType::kText;
  bool required = false;
  std::string_view fallback{};  // as one would write it; empty: none
  uint32_t most_characters = 0;
  uint32_t most_entries = 0;  // kMap, kList, kTexts
  std::string_view least{};   // the bounds of numbers, sizes and durations, as one would write them
  std::string_view most{};
  std::span<const std::string_view> choices{};  // kChoice
  // The API server fills it in when an export is stored. Otherwise the operator does when it reads
  // one: then the installation may have another default.
  bool fallback_is_stored = true;
  std::string_view config_key{};  // of the agent's configuration that takes the value as it is
};

[[nodiscard]] std::span<const ExportField> export_fields();
// nullptr when there is no such field.
[[nodiscard]] const ExportField* find_field(std::string_view path);

}  // namespace dualtrace::ctl
