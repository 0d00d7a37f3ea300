// SPDX-License-Identifier: Apache-2.0
#include "agent/app/descriptors.h"

#include <gtest/gtest.h>

#include "common/process/descriptors.h"

namespace dualtrace::agent {
namespace {

AgentConfig both() {
  ConfigOrFaults result = parse_agent_config(
      "arize: {region: US, credentials: {apiKeyFile: a, spaceIDFile: b}}\n"
      "databricks: {workspaceURL: 'https://w.example', table: a.b.c, auth: {tokenFile: t}}\n",
      "/etc/dualtrace");
  EXPECT_TRUE(result.config) << to_string(result.faults);
  return std::move(result.config).value();
}

TEST(Descriptors, ClientsGetWhatIsLeft) {
  const AgentConfig config = both();
  const uint64_t aside = descriptors_set_aside(config);
  EXPECT_LT(aside, 1024u / 2);  // clients get most of Debian's limit
  EXPECT_EQ(connections_that_fit(config, 1024), 1024 - aside);
  EXPECT_EQ(connections_that_fit(config, 1024 * 1024), config.receiver.limits.connections);
}

TEST(Descriptors, ThereIsAlwaysOneForAClient) {
  EXPECT_EQ(connections_that_fit(both(), 0), 1u);
  EXPECT_EQ(connections_that_fit(both(), 64), 1u);
}

TEST(Descriptors, MoreRequestsInFlightNeedMore) {
  AgentConfig config = both();
  const uint64_t aside = descriptors_set_aside(config);
  config.delivery.requests_in_flight += 10;
  EXPECT_GT(descriptors_set_aside(config), aside);
  config.arize.reset();
  EXPECT_LT(descriptors_set_aside(config), aside + 40);
}

TEST(Descriptors, TheLimitIsRaisedOnceAndStays) {
  const uint64_t limit = raise_descriptor_limit();
  EXPECT_GT(limit, 0u);
  EXPECT_EQ(raise_descriptor_limit(), limit);
}

}  // namespace
}  // namespace dualtrace::agent
