// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/same_node_traffic.h"

#include <chrono>

#include "common/kube/momentary_error.h"
#include "common/log/log.h"
#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kField = "trafficDistribution";
constexpr Duration kAskAgain = std::chrono::minutes(10);

// Such errors are temporary and say nothing about the field.
bool says_nothing(const Error& error) {
  return kube::is_momentary(error) || error.kind == ErrorKind::kCancelled ||
         error.kind == ErrorKind::kConflict;
}

}  // namespace

Result<bool> SameNodeTraffic::is_taken(const Json& service) {
  if (const auto answer = known()) return *answer;
  const auto answer =
      api_.apply(kube::kServices, service, {.field_manager = kFieldManager, .dry_run = true});
  if (!answer && says_nothing(answer.error())) return fail(answer.error());
  // Any other problem of the Service shows when it is applied.
  if (!answer && answer.error().message.find(kField) == std::string::npos) return true;
  // An older API server rejects the value, or drops the unknown field.
  const bool taken =
      answer && text_at(*answer, {"spec", kField}) == text_at(service, {"spec", kField});
  const Lock lock(mutex_);
  if (!taken && taken_ != false) {
    log_info(
        "the API server does not support trafficDistribution: PreferSameNode; agents on other "
        "nodes do not receive the spans of a node without a ready agent");
  }
  taken_ = taken;
  asked_ = clock_.tick();
  return taken;
}

std::optional<bool> SameNodeTraffic::known() const {
  const Lock lock(mutex_);
  if (taken_ == false && clock_.tick() - asked_ >= kAskAgain) return std::nullopt;
  return taken_;
}

}  // namespace dualtrace::ctl
