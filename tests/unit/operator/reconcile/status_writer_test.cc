// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/status_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/status/reasons.h"
#include "tests/unit/operator/reconcile/world.h"

namespace dualtrace::ctl {
namespace {

Json condition(std::string_view type, std::string_view status, std::string_view reason) {
  return {{"type", type},
          {"status", status},
          {"reason", reason},
          {"message", "what " + std::string(reason) + " means"}};
}

Json status_of(const Json& told, const Json& ready) {
  Json conditions = Json::array({told});
  if (text_at(told, {"type"}) != kReadyType) conditions.insert(conditions.begin(), ready);
  return {{"conditions", conditions}};
}

// Each change produces one event with the message of its condition. A change to Unknown, or of
// Progressing, produces none.
TEST(StatusWriter, TellsEachReasonInTheWordsOfItsCondition) {
  for (const Reason& reason : all_reasons()) {
    SCOPED_TRACE(std::string(reason.type) + " " + std::string(reason.name));
    World world;
    const StatusWriter writer(world.api, world.events, world.clock, world.metrics);
    StatusMemory memory;
    const bool of_lane = reason.type == kDeliveryType;
    const std::string_view type = of_lane ? kArizeDeliveryType : reason.type;
    const std::string_view status = to_string(reason.status);
    const bool is_true = reason.status == ConditionStatus::kTrue;
    const Json before = status_of(condition(type, is_true ? "False" : "True", "Before"),
                                  condition(kReadyType, is_true ? "False" : "True", "Before"));
    // Ready ignores Progressing.
    const Json ready = type == kProgressType
                           ? before["conditions"][0]
                           : condition(kReadyType, status, is_true ? "Ready" : reason.name);
    const Json after = status_of(condition(type, status, reason.name), ready);
    world.cache.refresh();
    const auto object = world.cache.find_export(kExport);
    ASSERT_TRUE(writer.write(*object, &before, after, memory));

    const bool is_doubt = reason.status == ConditionStatus::kUnknown;
    const bool is_news = (!is_doubt || reason == reason::kAgentsSilent) && type != kProgressType;
    std::vector<kube::Event> told = world.events.events;
    std::erase_if(told, [&](const kube::Event& event) { return event.reason != reason.name; });
    ASSERT_EQ(told.size(), is_news ? 1U : 0U);
    if (!is_news) continue;
    EXPECT_EQ(told[0].type, is_true ? kube::Event::Type::kNormal : kube::Event::Type::kWarning);
    EXPECT_EQ(told[0].note, std::string(type) + ": what " + std::string(reason.name) + " means");
  }
}

}  // namespace
}  // namespace dualtrace::ctl
