// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/content.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"
#include "common/error/check.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/bench/span_ids.h"

namespace dualtrace::bench {
namespace {

using opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using opentelemetry::proto::resource::v1::Resource;
using opentelemetry::proto::trace::v1::Span;

constexpr size_t kTemplateBytesMax = 8 * 1024 * 1024;
constexpr size_t kTemplatesMin = 4;
constexpr size_t kTemplatesMax = 64;
constexpr uint32_t kChatBytesMin = 4000;
constexpr size_t kMessageBytes = 1000;
constexpr uint64_t kSpanIdSalt = 0x7370616E;

constexpr std::string_view kWords[] = {
    "the",         "of",        "and",       "to",          "in",         "is",
    "that",        "for",       "it",        "with",        "as",         "on",
    "this",        "be",        "are",       "order",       "customer",   "was",
    "from",        "or",        "an",        "which",       "you",        "can",
    "by",          "not",       "have",      "we",          "will",       "your",
    "all",         "their",     "has",       "if",          "more",       "when",
    "answer",      "there",     "use",       "question",    "document",   "about",
    "information", "please",    "context",   "model",       "following",  "because",
    "result",      "search",    "tool",      "between",     "system",     "service",
    "invoice",     "delivery",  "payment",   "account",     "request",    "response",
    "address",     "number",    "product",   "shipping",    "refund",     "warehouse",
    "policy",      "within",    "days",      "after",       "before",     "should",
    "would",       "could",     "contract",  "according",   "paragraph",  "section",
    "retrieved",   "summary",   "language",  "support",     "agent",      "manager",
    "available",   "different", "example",   "several",     "including",  "process",
    "however",     "therefore", "quarter",   "revenue",     "report",     "analysis",
    "temperature", "weather",   "calendar",  "meeting",     "schedule",   "tomorrow",
    "yesterday",   "confirmed", "cancelled", "reference",   "tracking",   "parcel",
    "carrier",     "express",   "standard",  "insurance",   "function",   "parameter",
    "returns",     "value",     "default",   "exception",   "repository", "branch",
    "commit",      "review",    "approve",   "change",      "database",   "query",
    "column",      "table",     "index",     "transaction", "timeout",    "connection",
    "certificate"};

// Word frequencies as in a natural language: earlier words are more frequent.
std::string_view word(Random& random) {
  return kWords[random.below(random.below(std::size(kWords)) + 1)];
}

std::string text(Random& random, size_t bytes) {
  std::string result;
  while (result.size() < bytes) {
    result += word(random);
    // The text of a language model repeats words, but not numbers and names.
    if (random.below(24) == 0) result += " " + std::to_string(random.below(100'000));
    result += random.below(12) == 0 ? ". " : " ";
  }
  result.resize(bytes);
  return result;
}

std::string hex(Random& random, size_t digits) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string result(digits, '0');
  for (char& digit : result) digit = kDigits[random.below(16)];
  return result;
}

template <typename Message>
void set(Message& message, std::string key, std::string value) {
  auto* attribute = message.add_attributes();
  attribute->set_key(std::move(key));
  attribute->mutable_value()->set_string_value(std::move(value));
}

void set_number(Span& span, std::string key, uint64_t value) {
  auto* attribute = span.add_attributes();
  attribute->set_key(std::move(key));
  attribute->mutable_value()->set_int_value(static_cast<int64_t>(value));
}

void fill_resource(Resource& resource, Random& random) {
  set(resource, "service.name", "shop-" + std::string(word(random)));
  set(resource, "service.version", "2.14.3");
  set(resource, "deployment.environment.name", "production");
  set(resource, "k8s.namespace.name", "shop");
  set(resource, "k8s.pod.name", "shop-" + hex(random, 10) + "-" + hex(random, 5));
  set(resource, "telemetry.sdk.language", "python");
}

// Pads the span to `bytes` with one more attribute.
void fill_up(Span& span, const std::string& key, size_t bytes, Random& random) {
  const size_t framing = key.size() + 12;
  const size_t size = span.ByteSizeLong() + framing;
  set(span, key, text(random, bytes > size ? bytes - size : 1));
}

void fill_service_span(Span& span, size_t bytes, Random& random) {
  static constexpr std::string_view kRoutes[] = {"/api/v1/orders/{id}", "/api/v1/customers/{id}",
                                                 "/api/v1/search", "/api/v1/payments"};
  const std::string route(kRoutes[random.below(std::size(kRoutes))]);
  span.set_name("GET " + route);
  set(span, "http.request.method", "GET");
  set(span, "http.route", route);
  set(span, "url.path", route + "/" + std::to_string(random.below(1'000'000)));
  set(span, "server.address", "orders.shop.svc.cluster.local");
  set(span, "network.protocol.version", "1.1");
  set(span, "user_agent.original", "python-requests/2.32.3");
  set_number(span, "http.response.status_code", random.below(20) == 0 ? 500 : 200);
  set_number(span, "http.response.body.size", random.below(20'000));
  set(span, "enduser.id", "user-" + std::to_string(random.below(5000)));
  set(span, "db.query.text",
      "SELECT id, customer_id, state, total FROM orders WHERE customer_id = " +
          std::to_string(random.below(1'000'000)));
  fill_up(span, "log.message", bytes, random);
}

void fill_chat_span(Span& span, size_t bytes, Random& random) {
  span.set_name("ChatOpenAI.invoke");
  set(span, "openinference.span.kind", "LLM");
  set(span, "llm.model_name", "gpt-4o-2024-08-06");
  set(span, "llm.invocation_parameters", R"({"temperature": 0.2, "max_tokens": 1024})");
  set_number(span, "llm.token_count.prompt", random.below(9000));
  set_number(span, "llm.token_count.completion", random.below(900));
  set(span, "session.id", hex(random, 32));
  for (size_t i = 0; span.ByteSizeLong() + 2 * kMessageBytes + 500 < bytes; ++i) {
    const std::string prefix = "llm.input_messages." + std::to_string(i) + ".message.";
    const std::string content = text(random, kMessageBytes);
    const std::string role = i == 0 ? "system" : i % 2 == 1 ? "user" : "assistant";
    set(span, prefix + "role", role);
    set(span, prefix + "content", content);
    set(span, "input.value." + std::to_string(i),
        R"({"role": ")" + role + R"(", "content": ")" + content + R"("})");
  }
  fill_up(span, "output.value", bytes, random);
}

void fill_span(Span& span, uint32_t bytes, Random& random) {
  const auto id = trace_id_of(random.next());
  span.set_trace_id(id.data(), id.size());
  span.set_span_id(id.data(), 8);
  span.set_parent_span_id(id.data() + 8, 8);
  span.set_kind(Span::SPAN_KIND_SERVER);
  span.set_start_time_unix_nano(1'700'000'000'000'000'000 + random.below(1'000'000'000));
  span.set_end_time_unix_nano(1'700'000'001'000'000'000 + random.below(1'000'000'000));
  if (bytes < kChatBytesMin) {
    fill_service_span(span, bytes, random);
  } else {
    fill_chat_span(span, bytes, random);
  }
}

// The offset of a span field's value in the request.
size_t offset_of(std::string_view span, uint32_t number, const std::string& request) {
  agent::WireReader fields(span);
  while (const auto field = fields.next()) {
    if (field->number != number) continue;
    const char* value =
        field->type == agent::WireType::kBytes ? field->value.data() : field->whole.data() + 1;
    return static_cast<size_t>(value - request.data());
  }
  DT_CHECK(false);
  return 0;
}

}  // namespace

Content::Content(const ContentOptions& options) {
  Random random(options.seed);
  const size_t request_bytes = size_t{options.spans_per_request} * options.span_bytes;
  const size_t count = std::clamp(kTemplateBytesMax / std::max<size_t>(request_bytes, 1),
                                  kTemplatesMin, kTemplatesMax);
  for (size_t i = 0; i < count; ++i) templates_.push_back(make_template(options, random));
}

Content::Template Content::make_template(const ContentOptions& options, Random& random) {
  ExportTraceServiceRequest request;
  auto* resource_spans = request.add_resource_spans();
  fill_resource(*resource_spans->mutable_resource(), random);
  auto* scope_spans = resource_spans->add_scope_spans();
  scope_spans->mutable_scope()->set_name("opentelemetry.instrumentation.bench");
  for (uint32_t i = 0; i < options.spans_per_request; ++i) {
    fill_span(*scope_spans->add_spans(), options.span_bytes, random);
  }
  Template made{.bytes = request.SerializeAsString()};
  agent::WireReader top(made.bytes);
  agent::WireReader resource(top.next()->value);
  while (const auto scopes = resource.next()) {
    if (scopes->number != agent::kResourceSpansScopeSpans) continue;
    agent::WireReader scope(scopes->value);
    while (const auto span = scope.next()) {
      if (span->number != agent::kScopeSpansSpans) continue;
      made.trace_ids.push_back(offset_of(span->value, agent::kSpanTraceId, made.bytes));
      made.span_ids.push_back(offset_of(span->value, agent::kSpanSpanId, made.bytes));
      made.end_times.push_back(offset_of(span->value, kSpanEndTime, made.bytes));
    }
  }
  return made;
}

std::string Content::request(uint64_t first_span, WallTime now) {
  const Template& used = templates_[next_++ % templates_.size()];
  std::string bytes = used.bytes;
  const int64_t end_time = unix_nanos(now);  // fixed64 is little-endian, as this machine is
  for (size_t i = 0; i < used.trace_ids.size(); ++i) {
    const auto trace_id = trace_id_of(first_span + i);
    const auto span_id = trace_id_of((first_span + i) ^ kSpanIdSalt);
    std::memcpy(bytes.data() + used.trace_ids[i], trace_id.data(), trace_id.size());
    std::memcpy(bytes.data() + used.span_ids[i], span_id.data(), 8);
    std::memcpy(bytes.data() + used.end_times[i], &end_time, sizeof end_time);
  }
  return bytes;
}

}  // namespace dualtrace::bench
