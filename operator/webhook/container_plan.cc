// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/container_plan.h"

#include <algorithm>
#include <set>

#include "operator/webhook/endpoints.h"
#include "operator/webhook/exporter_warnings.h"
#include "operator/webhook/pod_attributes.h"
#include "operator/webhook/proxies.h"
#include "operator/webhook/resource_attributes.h"
#include "operator/webhook/workload.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kServiceName = "OTEL_SERVICE_NAME";
constexpr std::string_view kPhoenixGrpcPort = "PHOENIX_GRPC_PORT";

// Linux cannot start a program with a variable larger than 128 KiB; this leaves room for the
// user's.
constexpr size_t kAddedBytesMax = size_t{16} * 1024;
constexpr size_t kVariableBytesMax = size_t{96} * 1024;

Json variable(std::string_view name, std::string_view value) {
  return {{"name", name}, {"value", value}};
}

// The name from an earlier review, else the agents' best name. Another name is used only if a proxy
// would intercept requests to the best one but not to the other: a NO_PROXY of ".svc" is common.
std::string host_for(const ContainerVariables& variables, const PodToPlan& whole) {
  const auto endpoint = variables.literal(kTracesEndpoint);
  if (endpoint && leads_to_agents(*endpoint, whole.export_key)) return host_of(*endpoint);
  const AgentHosts& hosts = whole.hosts;
  const auto direct = std::find_if(hosts.begin(), hosts.end(), [&](const std::string& host) {
    return !proxy_in_the_way(variables, host);
  });
  return direct == hosts.end() ? hosts.front() : *direct;
}

class ContainerPlan {
 public:
  ContainerPlan(const PodToPlan& whole, const Json& container)
      : whole_(whole),
        name_(text_at(container, {"name"})),
        variables_(container, whole.wishes.env_from),
        agents_{whole.export_key, host_for(variables_, whole)} {}

  OrRefusal<PlannedContainer> make() {
    OrRefusal<TracesTarget> traces = traces_target(variables_, whole_.wishes.protocol, agents_);
    if (auto* refusal = std::get_if<Refusal>(&traces)) return std::move(*refusal);
    const auto& [endpoint, protocol] = std::get<TracesTarget>(traces);
    if (endpoint) add(kTracesEndpoint, *endpoint);
    if (protocol) add(kTracesProtocol, *protocol);
    add_libraries();
    add_identity();
    if (is_too_large()) {
      return Refusal{SkipReason::kTooLarge,
                     "its variables would become too large; shorten OTEL_RESOURCE_ATTRIBUTES or "
                     "the annotations resource.opentelemetry.io/…"};
    }
    return PlannedContainer{std::move(change_), exporter_warnings(variables_, name_, agents_)};
  }

 private:
  void add(std::string_view name, std::string_view value) {
    change_.last.push_back(variable(name, value));
  }

  // Arize's library reads only this variable. Phoenix's replaces the port by PHOENIX_GRPC_PORT,
  // adds the path itself if it is set to HTTP, and without its own variable reads the one for all
  // signals.
  void add_libraries() {
    if (variables_.is_free(kArizeEndpoint)) add(kArizeEndpoint, either_url(agents_.host));
    if (variables_.is_free(kPhoenixEndpoint) && variables_.is_free(kPhoenixGrpcPort) &&
        variables_.is_free(kEveryEndpoint)) {
      add(kPhoenixEndpoint, grpc_url(agents_.host));
    }
  }

  // OTEL_SERVICE_NAME overrides a service.name among the attributes: it is added only if the user
  // certainly wrote none.
  void add_identity() {
    if (variables_.may_bring(kResourceAttributes)) return;
    const auto at = variables_.position(kResourceAttributes);
    const auto written = variables_.text(kResourceAttributes);
    if (at && !written) return;
    const auto keys = keys_of(written.value_or(""), [&](std::string_view name) {
      return variables_.is_word(name, at.value_or(0));
    });
    if (!keys) return;
    if (!keys->contains("service.name") && variables_.is_free(kServiceName)) {
      add(kServiceName, escape_references(service_name(whole_.pod, name_)));
    }
    const std::string missing = missing_attributes(*keys, at.value_or(variables_.env().size()));
    if (missing.empty()) return;
    if (at) {
      const std::string_view separator = keys->empty() ? "" : ",";
      change_.appended = {*at, std::string(*written).append(separator).append(missing)};
    } else {
      add(kResourceAttributes, missing);
    }
  }

  // The attributes that the user's text lacks; the text goes to that position of env.
  std::string missing_attributes(const std::set<std::string>& keys, size_t position) {
    std::set<std::string> seen = keys;
    std::vector<Attribute> missing;
    // SDKs treat an empty OTEL_SERVICE_NAME as unset, and then read the attribute.
    if (!seen.contains("service.name") &&
        variables_.state(kServiceName) == ContainerVariables::State::kEmpty) {
      missing.emplace_back("service.name", encode_attribute(service_name(whole_.pod, name_)));
      seen.insert("service.name");
    }
    for (auto& [key, value, refers] : wanted_attributes(whole_.pod, name_, whole_.namespace_name)) {
      const auto provided = [&](std::string_view name) { return provide(name, position); };
      if (!seen.contains(key) && std::all_of(refers.begin(), refers.end(), provided)) {
        missing.emplace_back(key, value);
        seen.insert(key);
      }
    }
    return join_attributes(missing);
  }

  // False if the name already means something else there.
  bool provide(std::string_view name, size_t position) {
    const Json wanted = field_variable(name);
    if (const auto at = variables_.position(name)) {
      return *at < position &&
             text_at(variables_.env()[*at], {"valueFrom", "fieldRef", "fieldPath"}) ==
                 text_at(wanted, {"valueFrom", "fieldRef", "fieldPath"});
    }
    if (variables_.may_bring(name)) return false;
    auto& first = change_.first;
    if (std::find(first.begin(), first.end(), wanted) == first.end()) first.push_back(wanted);
    return true;
  }

  [[nodiscard]] bool is_too_large() const {
    size_t added = 0;
    for (const Json& entry : change_.last) added += text_at(entry, {"value"}).size();
    size_t largest = added;
    if (const auto& appended = change_.appended) {
      largest = std::max(largest, appended->value.size());
      added +=
          appended->value.size() - text_at(variables_.env()[appended->position], {"value"}).size();
    }
    return added > kAddedBytesMax || largest > kVariableBytesMax;
  }

  const PodToPlan& whole_;
  const std::string_view name_;
  const ContainerVariables variables_;
  const AgentsOfPod agents_;
  ContainerChange change_;
};

}  // namespace

OrRefusal<PlannedContainer> plan_container(const PodToPlan& whole, const Json& container) {
  return ContainerPlan(whole, container).make();
}

bool points_to_agents(const Json& container, const kube::ObjectKey& export_key) {
  const ContainerVariables variables(container, ContainerVariables::EnvFrom::kBringsNoneOfOurs);
  const auto endpoint = variables.literal(kTracesEndpoint);
  return endpoint && leads_to_agents(*endpoint, export_key);
}

}  // namespace dualtrace::ctl
