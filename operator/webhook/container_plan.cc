#include "operator/webhook/container_plan.h"

#include <algorithm>
#include <set>

#include "operator/webhook/endpoints.h"
#include "operator/webhook/pod_attributes.h"
#include "operator/webhook/resource_attributes.h"
#include "operator/webhook/workload.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kServiceName = "OTEL_SERVICE_NAME";
constexpr std::string_view kResourceAttributes = "OTEL_RESOURCE_ATTRIBUTES";
constexpr std::string_view kArizeEndpoint = "ARIZE_COLLECTOR_ENDPOINT";
constexpr std::string_view kPhoenixEndpoint = "PHOENIX_COLLECTOR_ENDPOINT";
constexpr std::string_view kPhoenixGrpcPort = "PHOENIX_GRPC_PORT";

// Linux runs no program with a variable larger than 128 KiB; this leaves room for the user's.
constexpr size_t kAddedBytesMax = size_t{16} * 1024;
constexpr size_t kVariableBytesMax = size_t{96} * 1024;

Json variable(std::string_view name, std::string_view value) {
  return {{"name", name}, {"value", value}};
}

class ContainerPlan {
 public:
  ContainerPlan(const Json& pod, const Json& container, const PodWishes& wishes,
                const kube::ObjectKey& export_key)
      : pod_(pod),
        name_(text_at(container, {"name"})),
        wishes_(wishes),
        export_key_(export_key),
        variables_(container, wishes.env_from) {}

  OrRefusal<ContainerChange> make() {
    OrRefusal<TracesTarget> traces = traces_target(variables_, wishes_.protocol, export_key_);
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
    return std::move(change_);
  }

 private:
  void add(std::string_view name, std::string_view value) {
    change_.last.push_back(variable(name, value));
  }

  // Arize's library reads nothing else. Phoenix's puts PHOENIX_GRPC_PORT in place of the port, adds
  // the path itself when it is told to speak HTTP, and without a variable of its own reads the one
  // for all signals.
  void add_libraries() {
    if (variables_.is_free(kArizeEndpoint)) add(kArizeEndpoint, either_url(export_key_));
    if (variables_.is_free(kPhoenixEndpoint) && variables_.is_free(kPhoenixGrpcPort) &&
        variables_.is_free(kEveryEndpoint)) {
      add(kPhoenixEndpoint, grpc_url(export_key_));
    }
  }

  // OTEL_SERVICE_NAME beats a service.name among the attributes: it is added only where it is
  // certain that the user wrote none.
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
      add(kServiceName, escape_references(service_name(pod_, name_)));
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

  // What the user's text has not; it will stand at that position of env.
  std::string missing_attributes(const std::set<std::string>& keys, size_t position) {
    std::set<std::string> seen = keys;
    std::vector<Attribute> missing;
    for (auto& [key, value, refers] : wanted_attributes(pod_, name_)) {
      const auto provided = [&](std::string_view name) { return provide(name, position); };
      if (!seen.contains(key) && std::all_of(refers.begin(), refers.end(), provided)) {
        missing.emplace_back(key, value);
        seen.insert(key);
      }
    }
    return join_attributes(missing);
  }

  // False when the name stands for something else there.
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

  const Json& pod_;
  const std::string_view name_;
  const PodWishes& wishes_;
  const kube::ObjectKey& export_key_;
  const ContainerVariables variables_;
  ContainerChange change_;
};

}  // namespace

OrRefusal<ContainerChange> plan_container(const Json& pod, const Json& container,
                                          const PodWishes& wishes,
                                          const kube::ObjectKey& export_key) {
  return ContainerPlan(pod, container, wishes, export_key).make();
}

}  // namespace dualtrace::ctl
