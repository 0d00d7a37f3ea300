// SPDX-License-Identifier: Apache-2.0
#pragma once
// FieldReader: reads one section of a DualTraceExport according to the table of export_fields.h. A
// field that is not set reads as its default. An invalid field is reported as a fault with its path
// and then reads as not set, so that all faults are found in one run. Used by dual_trace_export.cc
// and agent_spec.cc.
// Used from one thread. The constructor's arguments outlive it.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/json/json.h"
#include "operator/api/dual_trace_export.h"
#include "operator/api/export_fields.h"

namespace dualtrace::ctl {

class FieldReader {
 public:
  // `path` as people read it ("spec.agent.tolerations[2]"); "" for the whole object.
  FieldReader(const Json& section, std::string path, std::vector<ExportFault>& faults)
      : section_(section), path_(std::move(path)), faults_(faults) {}

  // Set, and not null.
  [[nodiscard]] bool has(std::string_view name) const { return written(name) != nullptr; }

  // Not set, or an empty list or map. A value of another type is not empty.
  [[nodiscard]] bool is_empty(std::string_view name) const {
    const Json* found = written(name);
    return found == nullptr || (found->is_structured() && found->empty());
  }

  // The section as written.
  [[nodiscard]] const Json& json() const { return section_; }

  std::optional<FieldReader> section(std::string_view name);
  // For every type that is a single value; the text obeys the table.
  std::optional<std::string> text(std::string_view name);
  // A text that the table requires or has a default for; "" only if it was reported as a fault.
  std::string certain_text(std::string_view name) { return text(name).value_or(""); }
  std::optional<int64_t> integer(std::string_view name);
  // Every field of the section that only passes through to the agents, except for maps.
  void read_settings(Settings& into);
  // The caller checks the names.
  std::map<std::string, std::string> texts(std::string_view name);
  // The same, with names and values checked as labels.
  std::map<std::string, std::string> labels(std::string_view name);
  std::vector<FieldReader> items(std::string_view name);
  // For kTexts; invalid entries are reported as faults and left out.
  std::vector<std::string> text_items(std::string_view name);

  // Reports a fault of the field, or of the section if the name is "".
  void fault(std::string_view name, std::string message);
  // Reports a fault of an entry of a map.
  void entry_fault(std::string_view name, std::string_view entry, std::string message);
  void expect_entry(std::string_view name, std::string_view entry, const Status& status) {
    if (!status) entry_fault(name, entry, status.error().message);
  }
  template <typename T>
  void expect(std::string_view name, const Result<T>& result) {
    if (!result) fault(name, result.error().message);
  }

 private:
  [[nodiscard]] const Json* written(std::string_view name) const;
  // The same, and reports a required field that is not set.
  const Json* wanted(std::string_view name);
  // The list, if it is one and is not too long; nullptr otherwise.
  const Json* list(std::string_view name);
  [[nodiscard]] std::string path_of(std::string_view name) const;
  [[nodiscard]] const ExportField& field(std::string_view name) const;

  const Json& section_;
  std::string path_;
  std::vector<ExportFault>& faults_;
};

}  // namespace dualtrace::ctl
