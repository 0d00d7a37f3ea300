// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/apply.h"

#include <algorithm>

#include "common/bytes/sha256.h"
#include "common/kube/momentary_error.h"
#include "common/log/log.h"
#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kIntentDigits = 32;

// From the API server's 403 for a creation in a namespace that is being deleted.
constexpr std::string_view kNamespaceEnding = "because it is being terminated";

bool is_namespace_ending(const Error& error) {
  return error.kind == ErrorKind::kDenied &&
         error.message.find(kNamespaceEnding) != std::string::npos;
}

// Errors with which the remaining objects would fail, too.
bool ends_the_round(const Error& error) {
  return kube::is_momentary(error) || error.kind == ErrorKind::kCancelled ||
         is_namespace_ending(error);
}

bool was_ours(const Json& object) {
  if (text_at(object, {"metadata", "labels", kManagedByLabel}) == kManagedByValue) return true;
  const Json& writers = array_at(object, {"metadata", "managedFields"});
  return std::any_of(writers.begin(), writers.end(), [](const Json& writer) {
    return text_at(writer, {"manager"}) == kFieldManager;
  });
}

void keep_sooner(std::optional<Tick>& into, const std::optional<Tick>& other) {
  if (other && (!into || *other < *into)) into = other;
}

}  // namespace

Children::Children(const Cache& cache, const kube::ObjectKey& export_key) {
  for (const kube::ResourceType& type : planned_types()) {
    by_plural_.emplace(type.plural, cache.children(type, export_key));
  }
}

const std::vector<kube::ObjectPointer>& Children::of(const kube::ResourceType& type) const {
  return by_plural_.at(type.plural);
}

const Json* Children::find(const kube::ResourceType& type, std::string_view name) const {
  for (const kube::ObjectPointer& child : of(type)) {
    if (text_at(*child, {"metadata", "name"}) == name) return child.get();
  }
  return nullptr;
}

std::string describe(const kube::ResourceType& type, const kube::ObjectKey& key) {
  return std::string(type.kind) + " " + key.to_string();
}

Applier::Applier(kube::Api& api, Clock& clock, MetricRegistry& metrics)
    : api_(api), clock_(clock), metrics_(metrics) {}

ApplyOutcome Applier::apply(const Plan& plan, const Children& children, DriftMemory& memory) const {
  ApplyOutcome outcome;
  for (const PlannedObject& planned : plan.objects) {
    const kube::ObjectKey key = kube::key_of(planned.object);
    Drift& drift = memory[{std::string(planned.type.plural), key.name}];
    const Status applied = apply_one(planned, children.find(planned.type, key.name), drift);
    keep_sooner(outcome.look_again, drift.look_again());
    if (applied) continue;
    const Error& error = applied.error();
    if (is_namespace_ending(error)) {
      outcome.namespace_ending = true;
      return outcome;
    }
    const WriteFailure failure{error, describe(planned.type, key)};
    if (!outcome.first) outcome.first = failure;
    if (!outcome.retryable && error.kind != ErrorKind::kInvalid) outcome.retryable = failure;
    if (ends_the_round(error)) return outcome;
  }
  return outcome;
}

Status Applier::apply_one(const PlannedObject& planned, const Json* cached, Drift& drift) const {
  const std::string intent = sha256_hex(to_text(planned.object), kIntentDigits);
  if (!drift.is_due(intent, cached, clock_.tick())) return {};
  if (cached == nullptr) {
    const Status free = check_not_foreign(planned);
    if (!free) return free;
  }
  const auto answer = api_.apply(planned.type, planned.object, {.field_manager = kFieldManager});
  if (!answer) {
    drift.forget();
    count(planned.type, "failed");
    return fail(answer.error());
  }
  const bool quarrelled = drift.quarrels();
  const bool changed = drift.applied(intent, *answer, cached, clock_.tick());
  count(planned.type, changed ? "changed" : "unchanged");
  if (drift.quarrels() && !quarrelled) {
    log_warn("another writer keeps changing what the operator applies; the operator backs off",
             {{"object", describe(planned.type, kube::key_of(planned.object))}});
  }
  return {};
}

Status Applier::check_not_foreign(const PlannedObject& planned) const {
  const kube::ObjectKey key = kube::key_of(planned.object);
  const auto live = api_.get(planned.type, key, kube::Form::kMetadata);
  if (live && !was_ours(*live)) {
    return fail(ErrorKind::kConflict, describe(planned.type, key) +
                                          " exists and does not belong to dualtrace; remove it, or "
                                          "give the export another name");
  }
  if (!live && live.error().kind != ErrorKind::kNotFound) return fail(live.error());
  return {};
}

void Applier::count(const kube::ResourceType& type, const std::string& result) const {
  metrics_
      .counter("dualtrace_operator_applies_total", "Child objects applied, by result",
               {{"kind", std::string(type.kind)}, {"result", result}})
      .increment();
}

}  // namespace dualtrace::ctl
