// SPDX-License-Identifier: Apache-2.0
#pragma once
// ImageName: which repository an image comes from, by the rules of container runtimes: "agent",
// "docker.io/agent:1" and "index.docker.io/library/agent@sha256:…" are one repository. References
// that runtimes reject are rejected here, too. Pure.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::ctl {

// "docker.io/library/agent", "registry.example:5000/observability/agent"; without tag and digest.
Result<std::string> repository_of(std::string_view image);

// A repository that may have globs (glob.h) after its registry, in the same form; "*" alone means
// every image.
Result<std::string> repository_pattern(std::string_view pattern);

}  // namespace dualtrace::ctl
