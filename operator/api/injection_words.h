// SPDX-License-Identifier: Apache-2.0
#pragma once
// The annotations and labels with which pods and namespaces request injection and with which the
// webhook answers on the pod. They are defined only here: webhook/ reads and writes them,
// reconcile/ counts them. docs/injection.md explains them to users. Immutable.

#include <string_view>

namespace dualtrace::ctl {

// On a pod as an annotation, on a namespace as a label. The pod's takes precedence.
inline constexpr std::string_view kInjectWord = "dualtrace.dev/inject";
inline constexpr std::string_view kInjectAny = "true";
inline constexpr std::string_view kInjectNone = "false";

// Annotations of a pod that configure the injection.
inline constexpr std::string_view kContainersAnnotation = "dualtrace.dev/containers";
inline constexpr std::string_view kProtocolAnnotation = "dualtrace.dev/protocol";
inline constexpr std::string_view kEnvFromAnnotation = "dualtrace.dev/env-from";
inline constexpr std::string_view kEnvFromUnrelated = "unrelated";

// The answer. A pod with both kInjected and kSkipped was injected by a second review: kSkipped is
// then "". kWarned accompanies kInjected, and is "" once its problem is gone.
inline constexpr std::string_view kInjectedAnnotation = "dualtrace.dev/injected";
inline constexpr std::string_view kSkippedAnnotation = "dualtrace.dev/skipped";
inline constexpr std::string_view kWarnedAnnotation = "dualtrace.dev/warned";

}  // namespace dualtrace::ctl
