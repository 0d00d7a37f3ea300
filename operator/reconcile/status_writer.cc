// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/status_writer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "operator/api/dual_trace_export.h"
#include "operator/plan/names.h"
#include "operator/status/reasons.h"
#include "operator/status/status.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kNodeLostReason = "NodeLost";
constexpr Duration kNumbersInterval = std::chrono::seconds(30);
// By then, the cache has long shown what we wrote; after that, whatever it shows is current.
constexpr Duration kCacheLagMax = std::chrono::seconds(15);

const Json* condition_of(const Json& status, std::string_view type) {
  for (const Json& condition : array_at(status, {"conditions"})) {
    if (text_at(condition, {"type"}) == type) return &condition;
  }
  return nullptr;
}

// Not worth an event: a condition that became Unknown because nobody has looked yet, one that was
// never anything but True, agents that are still starting.
bool is_worth_telling(const Json* before, const Json& condition) {
  const std::string_view type = text_at(condition, {"type"});
  const bool is_true = text_at(condition, {"status"}) == "True";
  const bool is_false = text_at(condition, {"status"}) == "False";
  if (text_at(condition, {"reason"}) == reason::kAgentsSilent.name) return true;
  if (type == "Progressing" || (!is_true && !is_false)) return false;
  if (type == "AgentsAvailable" && is_false) {
    return before != nullptr && text_at(*before, {"status"}) == "True";
  }
  return before != nullptr || is_false || type == "Ready";
}

// Ready is False for the reason of another condition; one event is enough.
bool says_it_too(const std::vector<Json>& told, const Json& ready) {
  return std::any_of(told.begin(), told.end(), [&](const Json& condition) {
    return text_at(condition, {"type"}) != "Ready" &&
           text_at(condition, {"reason"}) == text_at(ready, {"reason"});
  });
}

}  // namespace

Json reference_to_export(const Json& object) {
  return {{"apiVersion", kDualTraceExports.api_version()},
          {"kind", kDualTraceExports.kind},
          {"namespace", text_at(object, {"metadata", "namespace"})},
          {"name", text_at(object, {"metadata", "name"})},
          {"uid", text_at(object, {"metadata", "uid"})}};
}

const Json* StatusMemory::previous(const Json& cached_export, Tick now) {
  const Json* cached = find(cached_export, {"status"});
  if (!answer_) return cached;
  const Json* written = find(*answer_, {"status"});
  const bool shown = text_at(cached_export, {"metadata", "resourceVersion"}) ==
                     text_at(*answer_, {"metadata", "resourceVersion"});
  const bool same = cached != nullptr && written != nullptr && *cached == *written;
  if (!shown && !same && now - *written_at_ < kCacheLagMax) return written;
  answer_.reset();
  return cached;
}

void StatusMemory::written(const Json& answer, Tick now) {
  answer_ = answer;
  refused.reset();
  written_at_ = now;
}

StatusWriter::StatusWriter(kube::Api& api, kube::EventSink& events, Clock& clock,
                           MetricRegistry& metrics)
    : api_(api), events_(events), clock_(clock), metrics_(metrics) {}

Result<std::optional<Tick>> StatusWriter::write(const Json& cached_export, const Json* previous,
                                                const Json& status, StatusMemory& memory) const {
  const Json before = previous == nullptr ? Json::object() : *previous;
  const StatusChange change = compare_status(before, status);
  if (change == StatusChange::kNone) return std::optional<Tick>();
  if (change == StatusChange::kNumbers && memory.written_at()) {
    const Tick due = *memory.written_at() + kNumbersInterval;
    if (clock_.tick() < due) return std::optional(due);
  }
  const Status put_there = put(cached_export, status, memory);
  if (!put_there) {
    count("failed");
    if (put_there.error().kind == ErrorKind::kInvalid) {
      tell_what_is_refused(cached_export, before, status, memory);
    }
    return fail(put_there.error().with_prefix("write the status: "));
  }
  count(change == StatusChange::kState ? "state" : "numbers");
  tell(cached_export, before, status);
  tell_of_credentials(cached_export, before, status);
  return std::optional<Tick>();
}

Status StatusWriter::put(const Json& cached_export, const Json& status,
                         StatusMemory& memory) const {
  const Json& metadata = cached_export.at("metadata");
  // The API server does not check a uid here. If the write reaches another export of the same name,
  // that one is about to be reconciled, and a key is never processed concurrently.
  const Json object = {
      {"apiVersion", kDualTraceExports.api_version()},
      {"kind", kDualTraceExports.kind},
      {"metadata",
       {{"namespace", text_at(metadata, {"namespace"})}, {"name", text_at(metadata, {"name"})}}},
      {"status", status}};
  const auto answer = api_.apply(kDualTraceExports, object,
                                 {.field_manager = kStatusFieldManager, .subresource = "status"});
  if (!answer) return fail(answer.error());
  memory.written(*answer, clock_.tick());
  return {};
}

Status StatusWriter::release(const Json& cached_export) const {
  Json status = cached_export.value("status", Json::object());
  status.erase("operator");
  StatusMemory memory;
  return put(cached_export, status, memory);
}

// Once, not at each attempt.
void StatusWriter::tell_what_is_refused(const Json& cached_export, const Json& before,
                                        const Json& status, StatusMemory& memory) const {
  tell(cached_export, memory.refused ? *memory.refused : before, status);
  memory.refused = status;
}

void StatusWriter::tell(const Json& cached_export, const Json& before, const Json& after) const {
  tell_lost_nodes(cached_export, before, after);
  std::vector<Json> news = changed_conditions(before, after);
  std::erase_if(news, [&](const Json& condition) {
    return !is_worth_telling(condition_of(before, text_at(condition, {"type"})), condition);
  });
  // A condition that leaves the export ready, such as a rotation, does not deserve a warning.
  const Json* ready = condition_of(after, "Ready");
  const bool unready = ready != nullptr && text_at(*ready, {"status"}) != "True";
  for (const Json& condition : news) {
    const std::string_view type = text_at(condition, {"type"});
    if (type == "Ready" && says_it_too(news, condition)) continue;
    const bool good = text_at(condition, {"status"}) == "True";
    events_.record(
        {.regarding = reference_to_export(cached_export),
         .type = good || !unready ? kube::Event::Type::kNormal : kube::Event::Type::kWarning,
         .reason = std::string(text_at(condition, {"reason"})),
         .action = "Reconcile",
         .note = std::string(type) + ": " + std::string(text_at(condition, {"message"}))});
  }
}

// Tells the person who scales down a pool what was lost with it.
void StatusWriter::tell_lost_nodes(const Json& cached_export, const Json& before,
                                   const Json& after) const {
  for (const Json& node : newly_lost_nodes(before, after)) {
    metrics_
        .counter("dualtrace_operator_nodes_lost_total",
                 "Nodes that were removed while spans were waiting there")
        .increment();
    std::string what;
    for (const Json& backlog : array_at(node, {"destinations"})) {
      const uint64_t spans = count_at(backlog, {"spans"});
      metrics_
          .counter("dualtrace_operator_lost_backlog_spans_total",
                   "Spans that were waiting on nodes when these were removed, as last reported by "
                   "their agents",
                   {{"destination", std::string(text_at(backlog, {"name"}))}})
          .add(static_cast<double>(spans));
      what += (what.empty() ? "" : ", ") + std::to_string(spans) + " spans for " +
              std::string(text_at(backlog, {"name"}));
    }
    events_.record(
        {.regarding = reference_to_export(cached_export),
         .type = kube::Event::Type::kWarning,
         .reason = std::string(kNodeLostReason),
         .action = "Reconcile",
         .note = "node " + std::string(text_at(node, {"node"})) +
                 " has had no agent for five minutes, or has another disk; its agent last reported "
                 "a backlog of " +
                 what + ". They are delivered if the node comes back with its old disk"});
  }
}

void StatusWriter::tell_of_credentials(const Json& cached_export, const Json& before,
                                       const Json& after) const {
  for (std::string& note : newly_unused_credentials(before, after)) {
    events_.record({.regarding = reference_to_export(cached_export),
                    .type = kube::Event::Type::kNormal,
                    .reason = "PreviousCredentialUnused",
                    .action = "Reconcile",
                    .note = std::move(note)});
  }
}

void StatusWriter::count(const std::string& cause) const {
  metrics_
      .counter("dualtrace_operator_status_writes_total", "Statuses written, by cause",
               {{"cause", cause}})
      .increment();
}

}  // namespace dualtrace::ctl
