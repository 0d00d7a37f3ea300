// SPDX-License-Identifier: Apache-2.0
// Thousands of unlikely pods: the user's settings survive, a second review changes nothing, and
// each container's environment, evaluated here as the kubelet and an SDK do it, has the intended
// values.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "operator/webhook/workload.h"
#include "tests/unit/operator/webhook/random_pods.h"
#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

constexpr uint64_t kSeed = 20260131;
constexpr int kPods = 4000;
const std::string kAttributes = "OTEL_RESOURCE_ATTRIBUTES";
const std::set<std::string> kOurs = {"DUALTRACE_POD_NAMESPACE",
                                     "DUALTRACE_POD_NAME",
                                     "DUALTRACE_POD_UID",
                                     "DUALTRACE_NODE_NAME",
                                     "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                                     "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                                     "OTEL_SERVICE_NAME",
                                     kAttributes,
                                     "ARIZE_COLLECTOR_ENDPOINT",
                                     "PHOENIX_COLLECTOR_ENDPOINT"};
const std::set<std::string> kAnswers = {"dualtrace.dev/injected", "dualtrace.dev/skipped",
                                        "dualtrace.dev/warned"};
using Texts = std::map<std::string, std::string>;

std::set<std::string> names_set(const Json& env) {
  const auto names = names_of(env);
  return {names.begin(), names.end()};
}

// The kubelet's third_party/forked/golang/expansion: "$$" becomes "$", "$(NAME)" becomes the value
// if there is one, and everything else is copied.
std::string expand(const std::string& text, const Texts& known) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "$$") == 0) {
      out += '$';
      i += 2;
      continue;
    }
    const size_t end = text.compare(i, 2, "$(") == 0 ? text.find(')', i) : std::string::npos;
    if (end == std::string::npos) {
      out += text[i++];
      continue;
    }
    const auto found = known.find(text.substr(i + 2, end - i - 2));
    out += found == known.end() ? text.substr(i, end - i + 1) : found->second;
    i = end + 1;
  }
  return out;
}

Texts environment(const Json& env) {
  const Texts fields = {{"metadata.name", "the-pod"},
                        {"metadata.namespace", "shop"},
                        {"metadata.uid", "1234-uid"},
                        {"spec.nodeName", "node-7"}};
  Texts known;
  for (const Json& entry : env) {
    const std::string name = entry["name"];
    const auto field =
        fields.find(std::string(text_at(entry, {"valueFrom", "fieldRef", "fieldPath"})));
    if (!entry.contains("valueFrom")) {
      known[name] = expand(entry.value("value", ""), known);
    } else {
      known[name] = field == fields.end() ? "x,y=z" : field->second;  // the worst case
    }
  }
  return known;
}

std::string strip(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\n");
  return begin == std::string::npos
             ? ""
             : text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

std::string unquote(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Parses as OpenTelemetry's Python SDK does, except that a malformed pair is an error.
std::vector<std::pair<std::string, std::string>> attributes(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (strip(text).empty()) return pairs;
  std::istringstream rest(text);
  for (std::string item; std::getline(rest, item, ',');) {
    const size_t equal = item.find('=');
    EXPECT_NE(equal, std::string::npos) << text;
    if (equal == std::string::npos) continue;
    pairs.emplace_back(unquote(strip(item.substr(0, equal))),
                       unquote(strip(item.substr(equal + 1))));
  }
  return pairs;
}

Texts expected_attributes(const Json& pod, const std::string& container) {
  Texts expected = {{"k8s.namespace.name", "shop"},
                    {"k8s.pod.name", "the-pod"},
                    {"k8s.pod.uid", "1234-uid"},
                    {"k8s.node.name", "node-7"},
                    {"k8s.container.name", container},
                    {"service.namespace", "shop"},
                    {"service.instance.id", "shop.the-pod." + container}};
  if (find(pod, {"metadata", "labels", "serving.knative.dev/service"}) != nullptr) {
    const std::string name(text_at(pod, {"metadata", "name"}));  // not from the downward API
    expected["k8s.pod.name"] = name;
    expected["service.instance.id"] = "shop." + name + "." + container;
  }
  for (const auto& [key, value] : workload_of(pod).attributes) expected[key] = value;
  for (const auto& [key, value] : annotated_attributes(pod)) expected[key] = value;
  return expected;
}

// The user's pairs come first and unchanged, then ours: each key once, none of the user's keys,
// each with the expected value.
void expect_attributes(const Json& pod, const Json& before, const Json& after,
                       const std::string& container) {
  const Texts then = environment(after);
  const auto all = attributes(then.at(kAttributes));
  const bool had_some = names_set(before).contains(kAttributes);
  const auto users = had_some ? attributes(environment(before).at(kAttributes))
                              : std::vector<std::pair<std::string, std::string>>();
  ASSERT_GE(all.size(), users.size());
  EXPECT_TRUE(std::equal(users.begin(), users.end(), all.begin())) << then.at(kAttributes);
  std::set<std::string> keys;
  for (const auto& [key, value] : users) keys.insert(key);
  Texts expected = expected_attributes(pod, container);
  if (then.contains("OTEL_SERVICE_NAME") && strip(then.at("OTEL_SERVICE_NAME")).empty()) {
    expected["service.name"] = service_name(pod, container);  // an SDK treats a blank one as unset
  }
  for (size_t i = users.size(); i < all.size(); ++i) {
    EXPECT_TRUE(keys.insert(all[i].first).second) << all[i].first << " twice";
    const auto found = expected.find(all[i].first);
    ASSERT_NE(found, expected.end()) << all[i].first;
    EXPECT_EQ(all[i].second, found->second) << all[i].first;
  }
}

// Returns whether anything was added.
bool expect_kept(const Json& before, const Json& after) {
  const auto users = names_set(before);
  std::set<std::string> added;
  std::vector<Json> kept;
  for (const Json& entry : after) {
    const std::string name = entry["name"];
    if (users.contains(name)) {
      kept.push_back(entry);
      continue;
    }
    EXPECT_TRUE(kOurs.contains(name)) << name;
    EXPECT_TRUE(added.insert(name).second) << name << " twice";
  }
  EXPECT_EQ(kept.size(), before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    if (kept[i] == before[i]) continue;
    EXPECT_EQ(before[i]["name"], kAttributes);
    EXPECT_FALSE(before[i].contains("valueFrom"));
    EXPECT_TRUE(text_at(kept[i], {"value"}).starts_with(text_at(before[i], {"value"})));
  }
  return !added.empty();
}

void expect_pair(const Json& before, const Json& after) {
  const auto users = names_set(before);
  const Texts then = environment(after);
  const auto added = [&](const std::string& name) {
    return then.contains(name) && !users.contains(name);
  };
  if (added("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")) {
    EXPECT_TRUE(added("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"));
  }
  if (!added("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")) return;
  EXPECT_FALSE(users.contains("OTEL_EXPORTER_OTLP_ENDPOINT"));
  const std::string protocol = then.at("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
  const std::string url = then.at("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const std::string path = url.substr(url.rfind(':') + 5);
  EXPECT_EQ(path, protocol == "grpc" ? "" : "/v1/traces") << protocol;
}

struct Counts {
  int injected = 0;
  int skipped = 0;
  int appended = 0;
  int beside_ephemeral = 0;  // injected pods with an ephemeral container
};

void expect_container(const Json& pod, const Json& before, const Json& after, Counts& counts) {
  const std::string name = before["name"];
  Json rest_before = before;
  Json rest_after = after;
  rest_before.erase("env");
  rest_after.erase("env");
  EXPECT_EQ(rest_before, rest_after);
  const Json& env_before = array_at(before, {"env"});
  const Json& env_after = array_at(after, {"env"});
  expect_kept(env_before, env_after);
  if (env_before == env_after) return;
  expect_pair(env_before, env_after);
  const auto users = names_set(env_before);
  const Texts then = environment(env_after);
  if (then.contains("OTEL_SERVICE_NAME") && !users.contains("OTEL_SERVICE_NAME")) {
    EXPECT_EQ(then.at("OTEL_SERVICE_NAME"), service_name(pod, name));
  }
  const auto old = environment(env_before);
  const bool touched = then.contains(kAttributes) &&
                       (!old.contains(kAttributes) || old.at(kAttributes) != then.at(kAttributes));
  if (!touched) return;
  expect_attributes(pod, env_before, env_after, name);
  counts.appended += users.contains(kAttributes) ? 1 : 0;
}

void expect_pod(const Json& before, const Json& after, Counts& counts) {
  for (const char* list : {"containers", "initContainers"}) {
    const Json& then = array_at(after, {"spec", list});
    const Json& now = array_at(before, {"spec", list});
    ASSERT_EQ(then.size(), now.size());
    for (size_t i = 0; i < now.size(); ++i) expect_container(before, now[i], then[i], counts);
  }
  const Json& ephemeral = array_at(before, {"spec", "ephemeralContainers"});
  EXPECT_EQ(array_at(after, {"spec", "ephemeralContainers"}), ephemeral);
  const bool injected = !annotation(after, "dualtrace.dev/injected").empty();
  counts.injected += injected ? 1 : 0;
  counts.beside_ephemeral += injected && !ephemeral.empty() ? 1 : 0;
  counts.skipped += annotation(after, "dualtrace.dev/skipped").empty() ? 0 : 1;
  EXPECT_EQ(after["spec"].size(), before["spec"].size());
  Json annotations = after["metadata"]["annotations"];
  const Json had = before["metadata"]["annotations"];
  for (const auto& [name, value] : had.items()) {
    if (kAnswers.contains(name)) continue;
    EXPECT_EQ(annotations[name], value);
  }
}

TEST(Injection, KeepsEveryPromiseToAnyPod) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  cluster.labels["shop"] = {{"dualtrace.dev/inject", "observability.agents"}};
  Random random(kSeed);
  Counts counts;
  for (int i = 0; i < kPods && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("pod " + std::to_string(i));
    const Json pod = random_pod(random);
    const AdmissionAnswer answer = PodReviewer(cluster, known_dns()).review(creation(pod));
    // It names the export or the reason, unless the patch failed its own check.
    EXPECT_TRUE(answer.warnings.empty() || !answer.audit_annotations.empty()) << answer.warnings[0];
    const Json once = answered(pod, answer);
    expect_pod(pod, once, counts);
    EXPECT_EQ(reviewed(once, cluster), once);
  }
  // Guard against a vacuous test: every path is taken often.
  EXPECT_GT(counts.injected, kPods / 5);
  EXPECT_GT(counts.skipped, kPods / 5);
  EXPECT_GT(counts.appended, kPods / 50);
  EXPECT_GT(counts.beside_ephemeral, kPods / 50);
}

TEST(Injection, LeavesAPodFinishedThatGainsContainersInBetween) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  Random random(kSeed + 1);
  for (int i = 0; i < kPods / 4 && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("pod " + std::to_string(i));
    const Json once = reviewed(random_pod(random), cluster);
    Json more = once;
    more["spec"]["containers"].push_back({{"name", "late"}});
    const Json twice = reviewed(more, cluster);
    for (size_t c = 0; c + 1 < twice["spec"]["containers"].size(); ++c) {
      if (annotation(once, "dualtrace.dev/injected").empty()) continue;
      EXPECT_EQ(twice["spec"]["containers"][c], once["spec"]["containers"][c]);
    }
    EXPECT_EQ(reviewed(twice, cluster), twice);
  }
}

}  // namespace
}  // namespace dualtrace::ctl
