// SPDX-License-Identifier: Apache-2.0
#pragma once
// The words by which pods and namespaces ask for injection, and by which the answer is written on
// the pod: the only place that has them. webhook/ reads and writes them, reconcile/ counts them.
// docs/injection.md explains them to users. Immutable.

#include <string_view>

namespace dualtrace::ctl {

// On a pod as an annotation, on a namespace as a label. The pod's wins.
inline constexpr std::string_view kInjectWord = "dualtrace.dev/inject";
inline constexpr std::string_view kInjectAny = "true";
inline constexpr std::string_view kInjectNone = "false";

// Annotations of a pod that say how.
inline constexpr std::string_view kContainersAnnotation = "dualtrace.dev/containers";
inline constexpr std::string_view kProtocolAnnotation = "dualtrace.dev/protocol";
inline constexpr std::string_view kEnvFromAnnotation = "dualtrace.dev/env-from";
inline constexpr std::string_view kEnvFromUnrelated = "unrelated";

// The answer. A pod that has both words was injected at the second look: kSkipped is then "".
// kWarned stands beside kInjected, "" when what was warned of is gone.
inline constexpr std::string_view kInjectedAnnotation = "dualtrace.dev/injected";
inline constexpr std::string_view kSkippedAnnotation = "dualtrace.dev/skipped";
inline constexpr std::string_view kWarnedAnnotation = "dualtrace.dev/warned";

}  // namespace dualtrace::ctl
