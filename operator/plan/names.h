// SPDX-License-Identifier: Apache-2.0
#pragma once
// Names and labels of the objects that an export owns. They are made only here. The names of an
// export never change. If a name has to be shortened or changed, a hash of the whole name keeps it
// unique.
// Pure.

#include <string>
#include <string_view>

#include "common/json/json.h"
#include "common/kube/object.h"

namespace dualtrace::ctl {

inline constexpr std::string_view kFieldManager = "dualtrace-operator";
inline constexpr std::string_view kStatusFieldManager = "dualtrace-operator/status";
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kManagedByValue = "dualtrace-operator";
inline constexpr std::string_view kExportLabel = "dualtrace.dev/export";
inline constexpr std::string_view kManagedBySelector =
    "app.kubernetes.io/managed-by=dualtrace-operator";

// "<export>-dualtrace": one name for every child; at most 52 bytes, a DNS label that begins with a
// letter (a Service's rule).
[[nodiscard]] std::string child_name(std::string_view export_name);
// A value of kExportLabel, at most 63 bytes.
[[nodiscard]] std::string export_label_value(std::string_view export_name);
// The labels of every child; the selector of pods is the subset that never changes.
[[nodiscard]] Json child_labels(std::string_view export_name);
[[nodiscard]] Json pod_selector_labels(std::string_view export_name);

}  // namespace dualtrace::ctl
