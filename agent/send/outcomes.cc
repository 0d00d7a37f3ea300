// SPDX-License-Identifier: Apache-2.0
#include "agent/send/outcomes.h"

#include <algorithm>
#include <array>

namespace dualtrace::agent {
namespace {

// Words for a credential, and for problems with one. They must occur close together, because an
// error about data may contain either ("llm.token_count must not be negative").
constexpr std::array<std::string_view, 10> kCredentials{
    "token",      "jwt",         "api key",    "apikey",        "bearer",
    "credential", "credentials", "access key", "authorization", "auth"};
constexpr std::array<std::string_view, 22> kTroubles{
    "expir",      "invalid",  "revoke",    "malform",       "missing",   "unsupported",
    "not valid",  "reject",   "denied",    "unknown",       "incorrect", "wrong",
    "disabled",   "not sent", "no such",   "bad ",          "not found", "required",
    "not accept", "unable",   "could not", "does not match"};
constexpr size_t kCloseBytes = 48;
// Phrases that use the same words in an error about data.
constexpr std::array<std::string_view, 6> kOfData{"token count",      "tokenizer",   "token usage",
                                                  "unexpected token", "token limit", "max token"};
// These words never refer to a span.
constexpr std::array<std::string_view, 8> kAlways{
    "unauthorized",  "unauthenticated", "jsonwebtoken",          "jwtexception",
    "invalid grant", "aadsts",          "authentication failed", "not authenticated"};

// The text in lower case, with a space for each "_" and "-".
std::string plain_words(std::string_view text) {
  std::string words(text);
  std::transform(words.begin(), words.end(), words.begin(), [](char c) {
    if (c == '_' || c == '-') return ' ';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return words;
}

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

bool has_trouble_near(std::string_view words, size_t at, size_t size) {
  const size_t begin = at - std::min(at, kCloseBytes);
  const std::string_view near = words.substr(begin, at - begin + size + kCloseBytes);
  return std::any_of(kTroubles.begin(), kTroubles.end(),
                     [&](std::string_view trouble) { return near.find(trouble) != near.npos; });
}

}  // namespace

Outcome retry(std::string reason, std::string message, std::optional<Duration> after) {
  return {.kind = OutcomeKind::kRetry,
          .retry_after = after,
          .reason = std::move(reason),
          .message = std::move(message)};
}

Outcome split(std::string message) {
  return {.kind = OutcomeKind::kSplit,
          .reason = std::string(to_string(LossReason::kTooLarge)),
          .message = std::move(message)};
}

Outcome pause(PauseReason reason, std::string message) {
  return {.kind = OutcomeKind::kPause,
          .reason = std::string(to_string(reason)),
          .message = std::move(message)};
}

Outcome refuse_data(LossReason reason, std::string message) {
  return {.kind = OutcomeKind::kRefuse,
          .verdict = true,
          .reason = std::string(to_string(reason)),
          .message = std::move(message)};
}

Outcome refuse_foreign(std::string message) {
  return {.kind = OutcomeKind::kRefuse,
          .reason = std::string(to_string(PauseReason::kForeignAnswer)),
          .message = std::move(message)};
}

Outcome accepted(PartialSuccess partial, uint64_t spans) {
  Outcome result{.message = std::move(partial.message)};
  result.rejected = std::min(partial.rejected, spans);
  if (result.rejected > 0) {
    result.kind = OutcomeKind::kPartly;
    result.reason = to_string(LossReason::kRejected);
  }
  return result;
}

Outcome foreign_success(std::string message) {
  return pause(PauseReason::kForeignAnswer, clean_text(message));
}

Outcome answer_too_large(std::string message) {
  return retry("AnswerTooLarge", clean_text(message));
}

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool speaks_of_data(const ServerError& error) {
  constexpr int kOk = 0;  // an OTLP Status may have no code
  constexpr int kInvalidArgument = 3;
  switch (error.form) {
    case ErrorForm::kStatus:
      return error.status_code == kOk || error.status_code == kInvalidArgument;
    case ErrorForm::kDatabricks:
      return is_one_of(error.code,
                       {"INVALID_PARAMETER_VALUE", "BAD_REQUEST", "MALFORMED_REQUEST",
                        "INVALID_REQUEST", "INVALID_ARGUMENT", "INVALID_DATA", "INVALID_RECORD",
                        "INVALID_PAYLOAD", "INVALID_PROTOBUF", "DATA_VALIDATION_ERROR"});
    case ErrorForm::kForeign:
      return false;
  }
  return false;
}

bool mentions(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

bool speaks_of_size(std::string_view text) {
  return mentions(text, {"larger than max", "too large", "message size", "exceeds maximum size",
                         "maximum configured message size", "request size", "payload size",
                         "message larger than", "exceeds the maximum size"});
}

bool speaks_of_credentials(std::string_view text) {
  std::string words = plain_words(text);
  for (const std::string_view word : kAlways) {
    if (words.find(word) != std::string::npos) return true;
  }
  for (const std::string_view word : kOfData) {
    for (size_t at = words.find(word); at != std::string::npos; at = words.find(word, at)) {
      words.replace(at, word.size(), word.size(), ' ');
    }
  }
  for (const std::string_view name : kCredentials) {
    for (size_t at = words.find(name); at != std::string::npos; at = words.find(name, at + 1)) {
      const size_t end = at + name.size();
      const bool whole =
          (at == 0 || !is_letter(words[at - 1])) && (end == words.size() || !is_letter(words[end]));
      if (whole && has_trouble_near(words, at, name.size())) return true;
    }
  }
  return false;
}

}  // namespace dualtrace::agent
