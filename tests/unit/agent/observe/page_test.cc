// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/agent/observe/sample_snapshot.h"

namespace dualtrace::agent {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Page, ShowsTheLanesAndEscapesWhatDestinationsSay) {
  const std::string page = status_page(sample_snapshot());
  EXPECT_THAT(page, HasSubstr("<td class=\"Paused\">Paused</td>"));
  EXPECT_THAT(page, HasSubstr("85 spans, 2.9 MiB"));
  EXPECT_THAT(page, HasSubstr("4m 10s"));
  EXPECT_THAT(page, HasSubstr("EverythingRefused – &lt;b&gt;token"));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST(Page, SaysWhyItIsNotReady) {
  AgentSnapshot snapshot = sample_snapshot();
  snapshot.listening = false;
  EXPECT_THAT(status_page(snapshot), HasSubstr("the receiver is not listening"));
}

TEST(Page, SaysWhyTheNewestConfigurationIsNotInForce) {
  AgentSnapshot snapshot = sample_snapshot();
  snapshot.configuration.state = report::ConfigurationState::kRefused;
  snapshot.configuration.why = "arize.<x>: unknown";
  EXPECT_THAT(status_page(snapshot),
              HasSubstr("not in force</span>: Refused: arize.&lt;x&gt;: unknown"));
}

TEST(Page, ShowsAChangedCredentialThatIsRefused) {
  AgentSnapshot snapshot = sample_snapshot();
  snapshot.lanes[1].credential.why = "the token endpoint is down";
  snapshot.lanes[1].credential.candidate =
      report::CandidateCredential{.fingerprint = "feed5678",
                                  .state = report::CandidateState::kRejected,
                                  .why = "no <such> key"};
  const std::string page = status_page(snapshot);
  EXPECT_THAT(page, HasSubstr("the token endpoint is down"));
  EXPECT_THAT(page, HasSubstr("feed5678 is Rejected: no &lt;such&gt; key"));
}

TEST(Page, ShowsFilesThatConnectionsCannotBeMadeWith) {
  AgentSnapshot snapshot = sample_snapshot();
  report::ConnectionFile& authority = snapshot.lanes[0].connection_files[0];
  EXPECT_THAT(status_page(snapshot), Not(HasSubstr("expired at")));
  authority.all_expired = snapshot.now;
  EXPECT_THAT(status_page(snapshot), HasSubstr("ca expired at 2023-11-14T23:15:00Z"));
  authority.state = report::CredentialState::kUnusable;
  authority.why = "contains no PEM certificate";
  EXPECT_THAT(status_page(snapshot), HasSubstr("ca is Unusable: contains no PEM certificate"));
}

TEST(Page, WritesNumbersForPeople) {
  EXPECT_EQ(human_bytes(812), "812 B");
  EXPECT_EQ(human_bytes(1024), "1.0 KiB");
  EXPECT_EQ(human_bytes(5ULL << 40), "5.0 TiB");
  EXPECT_EQ(human_seconds(0.4), "0s");
  EXPECT_EQ(human_seconds(250), "4m 10s");
  EXPECT_EQ(human_seconds(3600), "1h");
  EXPECT_EQ(human_seconds(2 * 86400 + 3 * 3600 + 59), "2d 3h");
  EXPECT_EQ(escape_html("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
}

}  // namespace
}  // namespace dualtrace::agent
