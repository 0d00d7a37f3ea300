// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/reception.h"

#include <nlohmann/json.hpp>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/sandbox/arize_rules.h"
#include "tests/sandbox/body.h"
#include "tests/sandbox/databricks_rules.h"

namespace dualtrace::sandbox {
namespace {

constexpr uint64_t kGrpcBytesMax = 4 * 1024 * 1024;  // grpc-go's default, after decompression
constexpr std::string_view kPoisonAttribute = "dualtrace.test.poison";

// The headers as JSON, without secrets.
std::string headers_json(const HttpHeaders& headers) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [name, value] : headers) {
    const bool secret = name == "authorization" || name == "api_key" || name == "arize-api-key" ||
                        name == "cookie" || name == "proxy-authorization";
    object[name] = secret ? "***" : value;
  }
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_poisoned(const SpanProto& span, const std::string& poison) {
  if (span.name() == poison) return true;
  for (const auto& attribute : span.attributes())
    if (attribute.key() == kPoisonAttribute && attribute.value().string_value() == poison)
      return true;
  return false;
}

uint64_t count_if(const RequestProto& request, const SpanPredicate& predicate) {
  uint64_t count = 0;
  for (const auto& resource : request.resource_spans())
    for (const auto& scope : resource.scope_spans())
      for (const auto& span : scope.spans())
        if (predicate(resource.resource(), span)) ++count;
  return count;
}

HeaderVerdict judge_headers(const Arrival& arrival, const Access& access, const Bearer& bearer) {
  switch (arrival.destination) {
    case Destination::kArize:
      return judge_arize_headers(arrival, access);
    case Destination::kZerobus:
      return judge_zerobus_headers(arrival, access, bearer);
    default:
      return judge_databricks_headers(arrival, access, bearer);
  }
}

// The credential's name in CredentialUses.
std::string credential_of(const Arrival& arrival, const Bearer& bearer) {
  if (arrival.destination == Destination::kArize) return credential_name(arize_api_key(arrival));
  if (bearer.minted) return bearer.minted->grant.credential;
  return credential_name(bearer_token(arrival.header("authorization")).value_or(""));
}

}  // namespace

// One request while it is processed.
struct Reception::Case {
  Arrival arrival;
  std::shared_ptr<Responder> responder;
  Bearer bearer{};
  RequestRow row{};
  std::vector<SpanRow> spans{};
  Answer answer{};
  Duration delay{};
  bool store_first = true;
  bool cut = false;  // close the connection instead of answering

  void mark(FaultKind kind) {
    if (!row.fault.empty()) row.fault += ",";
    row.fault += to_string(kind);
  }
};

Reception::Reception(Parts parts)
    : access_(parts.access),
      faults_(parts.faults),
      tokens_(parts.tokens),
      uses_(parts.uses),
      held_(parts.held),
      storage_(parts.storage),
      scheduler_(parts.scheduler) {}

void Reception::receive(Arrival arrival, std::shared_ptr<Responder> responder) {
  Case current{.arrival = std::move(arrival), .responder = std::move(responder)};
  current.row.destination = current.arrival.destination;
  current.row.protocol = current.arrival.protocol == Protocol::kGrpc ? "grpc" : "http";
  current.row.arrived = scheduler_.clock().wall();
  current.row.headers = headers_json(current.arrival.headers);
  current.bearer.now = current.row.arrived;
  if (const auto token = bearer_token(current.arrival.header("authorization")))
    current.bearer.minted = tokens_.find(*token);
  // The chain stops once the answer is decided.
  (void)(pass_faults(current) && pass_limits(current) && pass_headers(current) &&
         pass_spans(current));
  settle(std::move(current));
}

bool Reception::pass_faults(Case& current) {
  const Destination destination = current.arrival.destination;
  if (const auto slow = faults_.take(destination, FaultKind::kSlow)) {
    current.mark(FaultKind::kSlow);
    current.delay = slow->delay;
    current.store_first = slow->store_first;
  }
  if (faults_.take(destination, FaultKind::kBlackhole)) {
    current.mark(FaultKind::kBlackhole);
    current.answer = refusal("blackhole", 503, kGrpcUnavailable, "");
    held_.hold(destination, std::exchange(current.responder, nullptr));
    return false;
  }
  if (auto status = faults_.take(destination, FaultKind::kStatus)) {
    current.mark(FaultKind::kStatus);
    current.answer = repeating(std::move(status->answer), current.arrival.headers);
    return false;
  }
  if (const auto cut = faults_.take(destination, FaultKind::kCut)) {
    current.mark(FaultKind::kCut);
    current.cut = true;
    if (!cut->store_first) {
      current.answer = refusal("cut", 503, kGrpcUnavailable, "");
      return false;
    }
  }
  return true;
}

bool Reception::pass_limits(Case& current) {
  const Destination destination = current.arrival.destination;
  auto body = decode_body(current.arrival);
  if (!body) {
    current.answer = refusal("undecodable", 400, kGrpcInvalidArgument, body.error().message);
    return false;
  }
  current.row.body = *std::move(body);
  const uint64_t bytes = current.row.body.size();
  uint64_t bytes_max = current.arrival.protocol == Protocol::kGrpc ? kGrpcBytesMax : UINT64_MAX;
  if (const auto limit = faults_.peek(destination, FaultKind::kLimit);
      limit && limit->bytes_max < bytes) {
    faults_.take(destination, FaultKind::kLimit);
    current.mark(FaultKind::kLimit);
    bytes_max = std::min(bytes_max, limit->bytes_max);
  }
  if (bytes <= bytes_max) return true;
  current.answer = refusal("too_large", 413, kGrpcResourceExhausted,
                           "received message after decompression larger than max (" +
                               std::to_string(bytes) + " vs. " + std::to_string(bytes_max) + ")");
  return false;
}

bool Reception::pass_headers(Case& current) {
  const auto access = access_.current();
  HeaderVerdict verdict = judge_headers(current.arrival, *access, current.bearer);
  current.row.table_name = std::move(verdict.table_name);
  if (verdict.refusal) {
    current.answer = *std::move(verdict.refusal);
    return false;
  }
  if (!verdict.swallow) return true;
  RequestProto request;
  if (parse_spans(current.row.body, form_of(current.arrival), request)) {
    current.row.spans_swallowed =
        count_if(request, [](const ResourceProto&, const SpanProto&) { return true; });
    current.row.spans_received = current.row.spans_swallowed;
  }
  return false;
}

bool Reception::pass_spans(Case& current) {
  const Destination destination = current.arrival.destination;
  RequestProto request;
  if (auto parsed = parse_spans(current.row.body, form_of(current.arrival), request); !parsed) {
    current.answer = refusal("unparsable", 400, kGrpcInvalidArgument, parsed.error().message);
    return false;
  }
  const auto is_any = [](const ResourceProto&, const SpanProto&) { return true; };
  const uint64_t total = current.row.spans_received = count_if(request, is_any);

  SpanPredicate is_fit = is_any;
  if (destination == Destination::kArize) is_fit = names_a_project;
  const uint64_t unfit = total - count_if(request, is_fit);
  if (unfit > 0 && unfit == total) {
    current.answer = missing_project(total);
    return false;
  }
  if (unfit > 0) current.answer = partly_missing_project(unfit);

  if (const auto poison = faults_.peek(destination, FaultKind::kPoison)) {
    const auto poisoned = [&](const ResourceProto&, const SpanProto& span) {
      return is_poisoned(span, poison->poison);
    };
    if (count_if(request, poisoned) > 0) {
      faults_.take(destination, FaultKind::kPoison);
      current.mark(FaultKind::kPoison);
      current.answer = repeating(poison->answer, current.arrival.headers);
      return false;
    }
  }
  uint64_t to_reject = 0;
  if (auto partial = faults_.take(destination, FaultKind::kPartial)) {
    current.mark(FaultKind::kPartial);
    to_reject = std::min(partial->answer.rejected_spans, total - unfit);
    current.answer = repeating(
        {.message = std::move(partial->answer.message), .rejected_spans = unfit + to_reject},
        current.arrival.headers);
  }
  current.row.spans_rejected = current.answer.rejected_spans;
  current.spans = to_rows(request, [&](const ResourceProto& resource, const SpanProto& span) {
    if (!is_fit(resource, span)) return false;
    if (to_reject == 0) return true;
    --to_reject;
    return false;
  });
  return true;
}

void Reception::settle(Case current) {
  current.row.outcome = current.answer.accepted() ? "ok" : current.answer.reason;
  count_credential(current);
  if (current.delay == Duration() || current.store_first) return store(std::move(current));
  const Duration delay = std::exchange(current.delay, Duration());
  auto waiting = std::make_shared<Case>(std::move(current));
  scheduler_.run_after(delay, [this, waiting] { store(std::move(*waiting)); });
}

// A request that a fault answered has presented its credential, too.
void Reception::count_credential(const Case& current) {
  uses_.count(current.row.destination, credential_of(current.arrival, current.bearer),
              current.answer.accepted(), current.row.arrived);
}

void Reception::store(Case current) {
  // An unused responder closes its connection when the last copy of `deliver` is destroyed.
  auto deliver = [responder = std::move(current.responder), cut = current.cut,
                  answer = std::move(current.answer)](const Status& stored) {
    if (!responder || cut) return;
    responder->answer(stored ? answer
                             : refusal("storage", 503, kGrpcUnavailable, stored.error().message));
  };
  // The storage may outlive this object, so capture only the scheduler.
  auto stored_or_later = [&scheduler = scheduler_, delay = current.delay,
                          deliver = std::move(deliver)](const Status& stored) {
    if (delay == Duration()) return deliver(stored);
    scheduler.run_after(delay, [deliver, stored] { deliver(stored); });
  };
  storage_.store(std::move(current.row), std::move(current.spans), std::move(stored_or_later));
}

}  // namespace dualtrace::sandbox
