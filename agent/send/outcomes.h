// SPDX-License-Identifier: Apache-2.0
#pragma once
// The outcomes that the classifiers return, by meaning. Private to agent_send.
// Pure. Thread-safe.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "agent/send/answer.h"
#include "agent/send/exporter.h"
#include "common/report/words.h"

namespace dualtrace::agent {

using report::LossReason;
using report::PauseReason;

[[nodiscard]] Outcome retry(std::string reason, std::string message,
                            std::optional<Duration> after = {});
[[nodiscard]] Outcome split(std::string message);
[[nodiscard]] Outcome pause(report::PauseReason reason, std::string message);
// A verdict: by the destination itself, in its own form, about the data.
[[nodiscard]] Outcome refuse_data(report::LossReason reason, std::string message);
// Refused by an intermediary, or for an unknown reason: says nothing about the data.
[[nodiscard]] Outcome refuse_foreign(std::string message);
// All of `spans`, or all but the rejected ones.
[[nodiscard]] Outcome accepted(PartialSuccess partial, uint64_t spans);
// 2xx or OK with a body that is not an OTLP answer: nothing shows that a span was stored.
[[nodiscard]] Outcome foreign_success(std::string message);
// An answer larger than our own limit. It gives no information about the request.
[[nodiscard]] Outcome answer_too_large(std::string message);

[[nodiscard]] bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes);
// Whether the error is about data, in a form that either destination uses: a google.rpc.Status or
// one of Databricks' codes. Both forms are accepted from both, since gateways translate between
// them; a verdict needs contrast in any case (docs/decisions/0007).
[[nodiscard]] bool speaks_of_data(const ServerError& error);
// Whether `text` contains one of these lower-case words, ignoring case.
[[nodiscard]] bool mentions(std::string_view text, std::initializer_list<std::string_view> words);
// Whether the text says that the whole request is larger than the receiver accepts.
[[nodiscard]] bool speaks_of_size(std::string_view text);
// Whether the text says that something is wrong with a token, a key or another credential, in any
// spelling: "ExpiredJwtException: JWT expired at …", "Invalid access token", "token is revoked".
[[nodiscard]] bool speaks_of_credentials(std::string_view text);

}  // namespace dualtrace::agent
