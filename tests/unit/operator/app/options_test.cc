// SPDX-License-Identifier: Apache-2.0
#include "operator/app/options.h"

#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Environment kInPod{.variables = {}, .host_name = "operator-0", .pod_namespace = "system"};
const Environment kAtHome{.variables = {}, .host_name = "desk", .pod_namespace = ""};

struct Parsed {
  std::variant<Options, ExitCode> result;
  std::string printed;

  [[nodiscard]] const Options& options() const { return std::get<Options>(result); }
  [[nodiscard]] ExitCode exit_code() const { return std::get<ExitCode>(result); }
  [[nodiscard]] bool says(const std::string& text) const {
    return printed.find(text) != std::string::npos;
  }
};

Parsed parse(std::vector<const char*> arguments, const Environment& environment = kInPod) {
  arguments.insert(arguments.begin(), "dualtrace-operator");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  auto result =
      parse_options(static_cast<int>(arguments.size()), arguments.data(), environment, "1.2.3");
  const std::string out = ::testing::internal::GetCapturedStdout();
  return {std::move(result), out + ::testing::internal::GetCapturedStderr()};
}

TEST(Options, NeedTheAgentsImageAndNothingElseInAPod) {
  const Parsed none = parse({});
  EXPECT_EQ(none.exit_code(), 2);
  EXPECT_TRUE(none.says("--agent-image is required")) << none.printed;

  const Parsed least = parse({"--agent-image=agent:1"});
  EXPECT_EQ(least.options().agent_image, "agent:1");
  EXPECT_EQ(least.options().leader_election_namespace, "system");
  EXPECT_TRUE(least.options().leader_elect);
  EXPECT_TRUE(least.options().watch_namespaces.empty());
  EXPECT_EQ(least.options().workers, 4U);
  EXPECT_EQ(least.options().listen, (HostPort{"::", 8080}));
}

TEST(Options, ShareNoNamespaceUnlessToldTo) {
  const Parsed least = parse({"--agent-image=agent:1"});
  EXPECT_TRUE(least.options().shared_namespaces.empty());
  EXPECT_TRUE(least.options().consent_as_before);
  const Parsed told = parse({"--agent-image=agent:1", "--shared-namespaces=observability,platform",
                             "--consent-as-before=false"});
  EXPECT_EQ(told.options().shared_namespaces,
            (std::vector<std::string>{"observability", "platform"}));
  EXPECT_FALSE(told.options().consent_as_before);
  EXPECT_TRUE(parse({"--agent-image=agent:1", "--shared-namespaces=No Name"})
                  .says("expected the name of a namespace"));
}

TEST(Options, TakeDefaultsForAgentsThatAnExportCouldHave) {
  const Parsed told =
      parse({"--agent-image=agent:1", R"(--agent-defaults={"labels": {"a": "b"}})"});
  EXPECT_EQ(told.options().agent_defaults,
            AgentDefaults::parse(R"({"labels": {"a": "b"}})").value());
  EXPECT_EQ(parse({"--agent-image=agent:1"}).options().agent_defaults, AgentDefaults());
  const Parsed wrong =
      parse({"--agent-image=agent:1", R"(--agent-defaults={"priorityClassName": "A B"})"});
  EXPECT_EQ(wrong.exit_code(), 2);
  EXPECT_TRUE(wrong.says("priorityClassName: expected a name")) << wrong.printed;
  EXPECT_EQ(parse({"--agent-image=agent:1", "--agent-defaults=soon"}).exit_code(), 2);
}

TEST(Options, ShareOnlyNamespacesThatAreWatched) {
  const Parsed parsed = parse({"--agent-image=agent:1", "--watch-namespaces=shop,bar",
                               "--shared-namespaces=observability"});
  EXPECT_EQ(parsed.exit_code(), 2);
  EXPECT_TRUE(parsed.says("--shared-namespaces: observability is not one of --watch-namespaces"));
  EXPECT_EQ(parse({"--agent-image=agent:1", "--watch-namespaces=shop", "--shared-namespaces=shop"})
                .options()
                .shared_namespaces.size(),
            1U);
}

TEST(Options, NeedToKnowOutsideOfAPodWhereTheLeaseIs) {
  const Parsed parsed = parse({"--agent-image=agent:1"}, kAtHome);
  EXPECT_EQ(parsed.exit_code(), 2);
  EXPECT_TRUE(parsed.says("--leader-election-namespace is required")) << parsed.printed;
  EXPECT_EQ(parse({"--agent-image=agent:1", "--leader-election-namespace=here"}, kAtHome)
                .options()
                .leader_election_namespace,
            "here");
  EXPECT_FALSE(
      parse({"--agent-image=agent:1", "--leader-elect=false"}, kAtHome).options().leader_elect);
}

TEST(Options, AreTakenAsGiven) {
  const Parsed parsed = parse(
      {"--agent-image", "agent:1", "--watch-namespaces=a,b", "--workers=7", "--listen",
       "127.0.0.1:0", "--log-level=debug", "--lease-duration=60s", "--renew-deadline=40s",
       "--retry-period=5s", "--lease-name=other", "--kubeconfig=k", "--context=c", "--resync=1m",
       "--sync-timeout=3s", "--shutdown-grace=4s", "--agent-poll-interval=1500ms"});
  ASSERT_TRUE(std::holds_alternative<Options>(parsed.result)) << parsed.printed;
  const Options& options = parsed.options();
  EXPECT_EQ(options.watch_namespaces, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.workers, 7U);
  EXPECT_EQ(options.listen, (HostPort{"127.0.0.1", 0}));
  EXPECT_EQ(options.log_level, LogSeverity::kDebug);
  EXPECT_EQ(options.lease_duration, seconds(60));
  EXPECT_EQ(options.renew_deadline, seconds(40));
  EXPECT_EQ(options.retry_period, seconds(5));
  EXPECT_EQ(options.lease_name, "other");
  EXPECT_EQ(options.kubeconfig, "k");
  EXPECT_EQ(options.context, "c");
  EXPECT_EQ(options.resync, minutes(1));
  EXPECT_EQ(options.sync_timeout, seconds(3));
  EXPECT_EQ(options.shutdown_grace, seconds(4));
  EXPECT_EQ(options.agent_poll_interval, std::chrono::milliseconds(1500));
}

TEST(Options, TurnTheWebhookOnByItsServiceOrItsCertificate) {
  EXPECT_FALSE(parse({"--agent-image=agent:1"}).options().webhook.wanted());
  const Parsed own =
      parse({"--agent-image=agent:1", "--webhook-service=system/hook", "--webhook-listen=[::1]:1",
             "--webhook-configuration=some.name", "--webhook-authority-secret=keys",
             "--webhook-authority-life=48h", "--webhook-certificate-life=12h"});
  ASSERT_TRUE(std::holds_alternative<Options>(own.result)) << own.printed;
  const WebhookOptions& webhook = own.options().webhook;
  EXPECT_TRUE(webhook.wanted());
  EXPECT_EQ(webhook.service, (kube::ObjectKey{"system", "hook"}));
  EXPECT_EQ(webhook.listen, (HostPort{"::1", 1}));
  EXPECT_EQ(webhook.configuration, "some.name");
  EXPECT_EQ(webhook.authority_secret, "keys");
  EXPECT_EQ(webhook.authority_life, std::chrono::hours(48));
  EXPECT_EQ(webhook.certificate_life, std::chrono::hours(12));
  const Parsed others = parse({"--agent-image=agent:1", "--webhook-certificate-folder=/tls"});
  EXPECT_EQ(others.options().webhook.certificate_folder, "/tls");
  EXPECT_TRUE(others.options().webhook.wanted());
  const Parsed both = parse({"--agent-image=agent:1", "--webhook-service=system/hook",
                             "--webhook-certificate-folder=/tls"});
  EXPECT_EQ(both.exit_code(), 2);
  EXPECT_TRUE(both.says("expected one of --webhook-service")) << both.printed;
}

TEST(Options, SayWhichExportsAreServed) {
  EXPECT_EQ(parse({"--agent-image=agent:1"}).options().scope, Scope{});
  const Parsed parsed =
      parse({"--agent-image=agent:1", "--export-class=blue", "--exclude-namespaces=shop,bar"});
  const Scope expected{.class_name = "blue", .excluded_namespaces = {"shop", "bar"}};
  EXPECT_EQ(parsed.options().scope, expected);
}

TEST(Options, SayWhatExportsMayAskFor) {
  EXPECT_EQ(parse({"--agent-image=agent:1"}).options().permissions, Permissions{});
  const Parsed parsed =
      parse({"--agent-image=agent:1", "--permit-images=agent,registry.example/agents/*",
             "--permit-host-path=false", "--permit-priority-classes=high,obs-*",
             "--permit-tolerations=none", "--permit-max-backlog=8Gi",
             "--permit-hosts=OTLP.arize.com,*.cloud.databricks.com",
             "--permit-secret-keys=arize/*,databricks/token", "--permit-env=TZ,GRPC_*",
             "--permit-se-linux-options"});
  const Permissions expected{.images = {"docker.io/library/agent", "registry.example/agents/*"},
                             .host_path = false,
                             .priority_classes = {"high", "obs-*"},
                             .tolerations = {},
                             .max_backlog = "8Gi",
                             .hosts = {"otlp.arize.com", "*.cloud.databricks.com"},
                             .secret_keys = {"arize/*", "databricks/token"},
                             .env = {"TZ", "GRPC_*"},
                             .se_linux_options = true};
  EXPECT_EQ(parsed.options().permissions, expected);
}

TEST(Options, SayWhatIsWrongWithThem) {
  const std::pair<const char*, const char*> cases[] = {
      {"--watch-namespaces=a,B", "--watch-namespaces: expected the name of a namespace"},
      {"--agent-image=", "--agent-image"},
      {"--watch-namespaces=", "--watch-namespaces"},
      {"--lease-duration=9s", "expected --lease-duration > --renew-deadline"},
      {"--retry-period=soon", "--retry-period: expected a duration"},
      {"--resync=0s", "--resync: expected a positive duration"},
      {"--workers=0", "--workers"},
      {"--listen=8080", "--listen"},
      {"--log-level=loud", "--log-level: expected debug, info, warn or error"},
      {"--leader-election-namespace=No", "--leader-election-namespace: expected the name"},
      {"--cluster-domain=cluster.local.", "--cluster-domain: expected a domain"},
      {"--cluster-domain=", "--cluster-domain"},
      {"--webhook-service=hook", "--webhook-service: expected NAMESPACE/NAME"},
      {"--webhook-service=a/b/c", "--webhook-service: expected NAMESPACE/NAME"},
      {"--webhook-configuration=a..b", "--webhook-configuration: expected the name of an object"},
      {"--webhook-authority-secret=", "--webhook-authority-secret"},
      {"--webhook-certificate-folder=", "--webhook-certificate-folder"},
      {"--webhook-certificate-life=9s", "--webhook-certificate-life: expected at least 10s"},
      {"--webhook-authority-life=600h", "expected --webhook-authority-life >= 4 *"},
      {"--permit-images=agent:1", "--permit-images: agent:1: expected a repository without a tag"},
      {"--permit-images=a,,b", "--permit-images: : expected a repository"},
      {"--permit-hosts=https://otlp.arize.com", "--permit-hosts: https://otlp.arize.com: expected"},
      {"--permit-secret-keys=token", "--permit-secret-keys: token: expected SECRET/KEY"},
      {"--permit-priority-classes=High", "--permit-priority-classes: High: expected the name"},
      {"--permit-env=A=b", "--permit-env: A=b: expected the name of a variable"},
      {"--permit-tolerations=a=b", "--permit-tolerations: a=b: expected the key of a taint"},
      {"--permit-max-backlog=lots", "--permit-max-backlog: expected a size"},
      {"--permit-max-backlog=1Mi", "--permit-max-backlog: expected at least 130Mi"},
      {"--export-class=Blue", "--export-class: expected the name of an object"},
      {"--exclude-namespaces=Shop", "--exclude-namespaces: expected the name of a namespace"},
      {"--colour=blue", "--colour"},
  };
  for (const auto& [argument, says] : cases) {
    const Parsed parsed = parse({"--agent-image=agent:1", argument});
    ASSERT_TRUE(std::holds_alternative<ExitCode>(parsed.result)) << argument;
    EXPECT_EQ(parsed.exit_code(), 2) << argument;
    EXPECT_TRUE(parsed.says(says)) << argument << ": " << parsed.printed;
  }
}

TEST(Options, TellTheVersionAndTheHelpWithoutAFailure) {
  const Parsed version = parse({"--version"});
  EXPECT_EQ(version.exit_code(), 0);
  EXPECT_TRUE(version.says("1.2.3"));
  const Parsed help = parse({"--help"});
  EXPECT_EQ(help.exit_code(), 0);
  EXPECT_TRUE(help.says("--watch-namespaces"));
  EXPECT_TRUE(help.says("verify-install"));
}

}  // namespace
}  // namespace dualtrace::ctl
