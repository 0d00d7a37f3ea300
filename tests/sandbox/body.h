// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parses the bytes of a request into spans, without any of the agent's parsers: a stand-in must not
// share the bugs of what it tests. Pure.

#include <string>

#include "common/error/result.h"
#include "tests/sandbox/answer.h"
#include "tests/sandbox/span_row.h"

namespace dualtrace::sandbox {

// The body without its content encoding, gzip or none.
Result<std::string> decode_body(Arrival& arrival);

// Protobuf, or JSON if `json` is set. kInvalid if it does not parse.
enum class BodyForm { kProtobuf, kJson };
Status parse_spans(const std::string& body, BodyForm form, RequestProto& into);

[[nodiscard]] BodyForm form_of(const Arrival& arrival);

}  // namespace dualtrace::sandbox
