// SPDX-License-Identifier: Apache-2.0
#include "common/config/fingerprint.h"

#include <gtest/gtest.h>

#include <set>

namespace dualtrace {
namespace {

constexpr const char* kArize =
    "arize: {endpoint: 'otlp.arize.com:443', credentials: {apiKeyFile: a, spaceIDFile: b}}\n";
constexpr const char* kDatabricks =
    "databricks: {workspaceURL: 'https://w.example', table: a.b.c, auth: {tokenFile: t}}\n";

std::string of(const std::string& yaml) {
  const ConfigOrFaults parsed = parse_agent_config(yaml, "/etc/dualtrace");
  EXPECT_TRUE(parsed.config) << to_string(parsed.faults);
  return parsed.config ? restart_fingerprint(*parsed.config) : "invalid";
}

std::string with(const std::string& rest) { return of(kArize + rest); }

TEST(ConfigFingerprint, IsTheBeginningOfTheTextsSha256) {
  EXPECT_EQ(config_fingerprint("abc"), "ba7816bf8f01");
  EXPECT_NE(config_fingerprint("abc\n"), config_fingerprint("abc"));
}

// A release that changes these values rolls the agents of every installation once.
TEST(RestartFingerprint, StaysWhatItWasInEarlierReleases) {
  EXPECT_EQ(of(kArize), "41f84f13eaba");
  EXPECT_EQ(of(kDatabricks), "fa2de4ddacf7");
  EXPECT_EQ(of(std::string(kArize) + kDatabricks +
               "receiver:\n"
               "  listen: ['[::]:4317', '127.0.0.1:14318']\n"
               "  threads: 2\n"
               "  tls: {certificateFile: /tls/tls.crt, keyFile: /tls/tls.key}\n"
               "  limits: {requestBytes: 32Mi, idleTimeout: 1m}\n"
               "observe: {listen: '0.0.0.0:8888'}\n"
               "delivery: {folder: /data, durability: Memory, segmentBytes: 40Mi}\n"),
            "9dc025373b82");
}

TEST(RestartFingerprint, KnowsEverythingThatOnlyARestartChanges) {
  const std::set<std::string> all = {
      with(""),
      of(kDatabricks),
      of(std::string(kArize) + kDatabricks),
      with("receiver: {listen: ['127.0.0.1:4317']}\n"),
      with("receiver: {listen: ['127.0.0.1:4317', '127.0.0.1:4318']}\n"),
      with("receiver: {threads: 2}\n"),
      with("receiver: {tls: {certificateFile: c, keyFile: k}}\n"),
      with("receiver: {tls: {certificateFile: d, keyFile: k}}\n"),
      with("receiver: {tls: {certificateFile: c, keyFile: l}}\n"),
      with("receiver: {tls: {certificateFile: c, keyFile: k, clientCAFile: a}}\n"),
      with("receiver: {limits: {requestBytes: 32Mi}}\n"),
      with("receiver: {limits: {memoryBytes: 128Mi}}\n"),
      with("receiver: {limits: {connections: 77}}\n"),
      with("receiver: {limits: {streams: 77}}\n"),
      with("receiver: {limits: {headerBytes: 8Ki}}\n"),
      with("receiver: {limits: {resetsPerSecond: 77}}\n"),
      with("receiver: {limits: {idleTimeout: 77s}}\n"),
      with("receiver: {limits: {headerTimeout: 7s}}\n"),
      with("receiver: {limits: {bodyTimeout: 77s}}\n"),
      with("receiver: {limits: {bodyPace: 77}}\n"),
      with("observe: {listen: '127.0.0.1:9999'}\n"),
      with("delivery: {durability: Memory}\n"),
      with("delivery: {folder: /elsewhere}\n"),
      with("delivery: {segmentBytes: 70Mi}\n"),
      with("delivery: {commitDelay: 1ms}\n"),
  };
  EXPECT_EQ(all.size(), 25U);
}

TEST(RestartFingerprint, DoesNotKnowWhatARunningAgentChanges) {
  const std::string both = std::string(kArize) + kDatabricks;
  EXPECT_EQ(of("arize: {region: EU, protocol: HTTP, project: p, compression: None, caFile: c,\n"
               "        proxyURL: 'http://proxy:3128',\n"
               "        proxyAuth: {usernameFile: u, passwordFile: p},\n"
               "        credentials: {apiKeyFile: /new/a, spaceIDFile: /new/b}}\n"
               "databricks: {workspaceURL: 'https://other.example', table: d.e.f, caFile: c,\n"
               "             compression: GZIP, proxyURL: 'http://proxy:3128',\n"
               "             proxyAuth: {usernameFile: u, passwordFile: p},\n"
               "             auth: {oauth: {clientIDFile: /new/i, clientSecretFile: /new/s}},\n"
               "             ingest: Zerobus, zerobus: {endpoint: 'https://z.example'}}\n"
               "delivery: {maxBacklog: 1Gi, maxAge: 1h, batchBytes: 2Mi, batchBytesMax: 3Mi,\n"
               "           minFreeDisk: 20Gi,\n"
               "           linger: 1s, requestsInFlight: 2, requestTimeout: 9s, retryBase: 2s,\n"
               "           retryMax: 9s, pauseProbe: 9s, maxDeadLetters: 1Mi}\n"
               "resourceAttributes: {k8s.cluster.name: c}\n"
               "drainTimeout: 7s\n"
               "logLevel: Debug\n"),
            of(both));
  EXPECT_EQ(of("databricks: {workspaceURL: 'https://w.example', table: a.b.c,\n"
               "             auth: {workloadIdentity: {tokenFile: p,\n"
               "                    clientID: 6f1c2f6e-1111-4e1a-9d3c-0123456789ab}}}\n"),
            of(kDatabricks));
  EXPECT_EQ(of("databricks: {workspaceURL: 'https://w.example', table: a.b.c,\n"
               "             auth: {token: {file: p}}}\n"),
            of(kDatabricks));
}

TEST(RestartFingerprint, IsTheSameHoweverAValueIsWritten) {
  EXPECT_NE(with("receiver: {threads: 1}\n"), with(""));  // the default is the number of CPUs
  EXPECT_EQ(with("receiver: {limits: {idleTimeout: 60s}}\n"),
            with("receiver: {limits: {idleTimeout: 1m}}\n"));
  EXPECT_EQ(with("observe: {listen: '127.0.0.1:8888'}\n"), with(""));
  EXPECT_EQ(with("delivery: {folder: /var/lib/dualtrace, durability: Disk}\n"), with(""));
}

}  // namespace
}  // namespace dualtrace
