// SPDX-License-Identifier: Apache-2.0
#pragma once
// The outcomes that the classifiers give, by what they mean. Private to agent_send.
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
// A verdict: the destination itself, in its own form, about the data.
[[nodiscard]] Outcome refuse_data(report::LossReason reason, std::string message);
// Refused, by whoever stands between or for a reason that we do not know: says nothing about data.
[[nodiscard]] Outcome refuse_foreign(std::string message);
// All of `spans`, or all but the rejected ones.
[[nodiscard]] Outcome accepted(PartialSuccess partial, uint64_t spans);
// 2xx or OK with a body that is no OTLP answer: nothing shows that a span was stored.
[[nodiscard]] Outcome foreign_success(std::string message);
// More than we read: an own limit, which says nothing about the request.
[[nodiscard]] Outcome answer_too_large(std::string message);

[[nodiscard]] bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes);
// Whether the error is about data, in a form that either destination gives: a google.rpc.Status or
// one of Databricks' codes. Both forms are taken from both, as gateways translate between them; a
// verdict needs contrast in any case (docs/decisions/0007).
[[nodiscard]] bool speaks_of_data(const ServerError& error);
// Whether `text`, in whatever case, has one of these lower-case words in it.
[[nodiscard]] bool mentions(std::string_view text, std::initializer_list<std::string_view> words);
// Whether the text says that the request as a whole is larger than its reader takes.
[[nodiscard]] bool speaks_of_size(std::string_view text);
// Whether the text says that something is wrong with a token, a key or another credential, in any
// spelling: "ExpiredJwtException: JWT expired at …", "Invalid access token", "token is revoked".
[[nodiscard]] bool speaks_of_credentials(std::string_view text);

}  // namespace dualtrace::agent
