// SPDX-License-Identifier: Apache-2.0
#pragma once
// The rules of Arize, as far as they are known (README.md names the sources): the headers of a
// request, and the project that each span needs.
// Pure.

#include "tests/sandbox/access.h"
#include "tests/sandbox/answer.h"
#include "tests/sandbox/span_row.h"

namespace dualtrace::sandbox {

// The value of any of the header's names; empty if there is none.
[[nodiscard]] std::string arize_api_key(const Arrival& arrival);

[[nodiscard]] HeaderVerdict judge_arize_headers(const Arrival& arrival, const Access& access);

// A project is set on the resource by one of three keys, or on the span by another.
[[nodiscard]] bool names_a_project(const ResourceProto& resource, const SpanProto& span);

// The answer to a request in which no span names a project.
[[nodiscard]] Answer missing_project(uint64_t spans);
// The answer if only some spans name one: those are stored.
[[nodiscard]] Answer partly_missing_project(uint64_t spans);

}  // namespace dualtrace::sandbox
