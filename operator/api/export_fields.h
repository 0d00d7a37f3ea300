// SPDX-License-Identifier: Apache-2.0
#pragma once
// The fields of a DualTraceExport's spec: one table against which parse_export() checks names,
// types and bounds, and with which the CRD and docs/resource.md must agree (tested). A field that
// only passes through to the agent's configuration has everything from the schema of the key
// (common/config/schema.h), and `./dev docs` writes it into the CRD. Rules that bounds cannot
// express are in dual_trace_export.cc and in the CRD's CEL. Immutable.

#include <cstdint>
#include <span>
#include <string_view>

#include "common/config/schema.h"

namespace dualtrace::ctl {

enum class FieldType {
  kSection,  // an object with fields of its own
  kText,     // one line
  kChoice,   // one of a few words
  kName,     // of an object in the export's namespace
  kDataKey,  // of a Secret or ConfigMap
  kSize,     // bytes, such as 4Gi
  kMemory,   // the same as in Kubernetes: a plain number is valid, too
  kCpu,      // a CPU quantity as in Kubernetes
  kShare,    // of a disk: a size or a percentage
  kUrl,
  kDuration,  // 72h, 1h30m, 200ms
  kSeconds,   // the same without ms
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
  std::string_view fallback{};  // the default, as written in YAML; empty: none
  uint32_t most_characters = 0;
  uint32_t most_entries = 0;  // kMap, kList, kTexts
  std::string_view least{};   // the bounds of numbers, sizes and durations, as written in YAML
  std::string_view most{};
  std::span<const std::string_view> choices{};  // kChoice
  // Whether the API server fills in the default when it stores an export. If not, the operator does
  // when it reads one, so that the installation can set another default.
  bool fallback_is_stored = true;
  std::string_view config_key{};  // the key of the agent's configuration that gets the same value
  std::string_view note{};        // added to the key's meaning in the CRD
};

// The input of check_value() for a value of the field. Only for types that the agent's
// configuration also has: all other types are Kubernetes' own.
[[nodiscard]] SchemaKey schema_key(const ExportField& field);

[[nodiscard]] std::span<const ExportField> export_fields();
// nullptr if there is no such field.
[[nodiscard]] const ExportField* find_field(std::string_view path);

}  // namespace dualtrace::ctl
