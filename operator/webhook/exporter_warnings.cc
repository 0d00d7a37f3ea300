// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/exporter_warnings.h"

#include <algorithm>
#include <array>

#include "operator/webhook/java_options.h"
#include "operator/webhook/proxies.h"

namespace dualtrace::ctl {
namespace {

using State = ContainerVariables::State;

std::string lowered(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == ' ' || c == '\t') continue;
    made += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return made;
}

bool names_otlp(std::string_view exporters) {
  while (!exporters.empty()) {
    const std::string_view one = exporters.substr(0, exporters.find(','));
    if (one == "otlp" || one.starts_with("otlp_proto_")) return true;
    exporters.remove_prefix(std::min(one.size() + 1, exporters.size()));
  }
  return false;
}

bool is_zero(std::string_view number) {
  return !number.empty() && number.find_first_not_of("0.") == std::string_view::npos;
}

class ExporterWarnings {
 public:
  ExporterWarnings(const ContainerVariables& variables, std::string_view container,
                   const AgentsOfPod& agents)
      : variables_(variables), java_(variables), container_(container), agents_(agents) {}

  PodWarnings make() {
    if (auto why = proxy_in_the_way(variables_, agents_.host)) {
      add(WarnReason::kBehindProxy, *why);
    }
    switched_off();
    other_exporter();
    other_endpoint();
    nothing_sampled();
    configuration_file();
    tls_wanted();
    compression();
    return std::move(warnings_);
  }

 private:
  void add(WarnReason reason, std::string_view message) {
    warnings_.push_back(
        {to_string(reason), "container " + std::string(container_) + ": " + std::string(message)});
  }

  // In lower case, without spaces; "" if it is not set or not known.
  [[nodiscard]] std::string value(std::string_view name) const {
    return lowered(variables_.literal(name).value_or(""));
  }
  // The variable for traces takes precedence if it has a value.
  [[nodiscard]] std::string value_for_traces(std::string_view end) const {
    const std::string own = value(std::string("OTEL_EXPORTER_OTLP_TRACES_").append(end));
    return own.empty() ? value(std::string("OTEL_EXPORTER_OTLP_").append(end)) : own;
  }
  [[nodiscard]] std::string java(std::string_view property) const {
    return lowered(java_.property(property).value_or(""));
  }

  void switched_off() {
    constexpr std::string_view kWhy = ", so its SDK creates no spans; remove it";
    if (value("OTEL_SDK_DISABLED") == "true") {
      add(WarnReason::kSdkDisabled, std::string("OTEL_SDK_DISABLED is true").append(kWhy));
    }
    for (const char* name : {"OTEL_JAVAAGENT_ENABLED", "OTEL_DOTNET_AUTO_TRACES_ENABLED"}) {
      if (value(name) == "false") {
        add(WarnReason::kSdkDisabled, std::string(name).append(" is false").append(kWhy));
      }
    }
    if (java("otel.sdk.disabled") == "true" || java("otel.javaagent.enabled") == "false") {
      add(WarnReason::kSdkDisabled,
          std::string("a Java option disables OpenTelemetry").append(kWhy));
    }
  }

  void other_exporter() {
    const std::string exporters = value("OTEL_TRACES_EXPORTER");
    if (!exporters.empty() && !names_otlp(exporters)) {
      add(WarnReason::kOtherExporter,
          "OTEL_TRACES_EXPORTER does not include otlp, so no spans go to the agents; set it to "
          "otlp, or remove it");
    }
    const std::string java_exporters = java("otel.traces.exporter");
    if (!java_exporters.empty() && !names_otlp(java_exporters)) {
      add(WarnReason::kOtherExporter,
          "Java's option -Dotel.traces.exporter does not include otlp and overrides all variables; "
          "remove it");
    }
  }

  void other_endpoint() {
    for (const std::string_view name : {kArizeEndpoint, kPhoenixEndpoint}) {
      if (!variables_.sets(name)) continue;
      const auto literal = variables_.literal(name);
      if (literal && leads_to_agents(*literal, agents_.export_key)) continue;
      add(WarnReason::kOtherEndpoint, std::string(name).append(other_endpoint_of_library(name)));
    }
    for (const char* property :
         {"otel.exporter.otlp.endpoint", "otel.exporter.otlp.traces.endpoint",
          "otel.exporter.otlp.protocol", "otel.exporter.otlp.traces.protocol"}) {
      const auto written = java_.property(property);
      if (!written || leads_to_agents(*written, agents_.export_key)) continue;
      add(WarnReason::kOtherEndpoint, std::string("Java's option -D")
                                          .append(property)
                                          .append(" overrides all variables; remove it"));
    }
  }

  [[nodiscard]] std::string_view other_endpoint_of_library(std::string_view name) const {
    switch (variables_.state(name)) {
      case State::kEmpty:
        return " is set by the container, but to an empty value, so spans of that library go to "
               "its own default; remove it to send them to the agents";
      case State::kNotKnown:
        return " comes from a source that the webhook does not read, so it is unknown where spans "
               "of that library go; remove it to send them to the agents";
      case State::kNotSet:
      case State::kSet:
        break;
    }
    return " is set by the container, so spans of that library do not go to the agents; remove it "
           "to send them there";
  }

  void nothing_sampled() {
    const auto judge = [&](const std::string& sampler, const std::string& argument) {
      const bool none = sampler == "always_off" || sampler == "parentbased_always_off";
      const bool by_ratio = sampler == "traceidratio" || sampler == "parentbased_traceidratio";
      if (none || (by_ratio && is_zero(argument))) {
        add(WarnReason::kNothingSampled,
            "its sampler is " + sampler + (none ? "" : " of 0") +
                ", which drops every trace that starts here; choose another");
      }
    };
    judge(value("OTEL_TRACES_SAMPLER"), value("OTEL_TRACES_SAMPLER_ARG"));
    judge(java("otel.traces.sampler"), java("otel.traces.sampler.arg"));
  }

  void configuration_file() {
    for (const char* name : {"OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"}) {
      const State state = variables_.state(name);
      if (state == State::kNotSet || state == State::kEmpty) continue;
      add(WarnReason::kConfigurationFile,
          std::string(name).append(" is set: SDKs read that file instead of variables; set the "
                                   "agents' endpoint in it, as "
                                   "${OTEL_EXPORTER_OTLP_TRACES_ENDPOINT}"));
    }
  }

  // For some SDKs, a certificate, or "insecure=false", overrides the scheme http://.
  void tls_wanted() {
    for (const char* end : {"CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"}) {
      for (const char* begin : {"OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_"}) {
        const std::string name = std::string(begin).append(end);
        const State state = variables_.state(name);
        if (state == State::kNotSet || state == State::kEmpty) continue;
        add(WarnReason::kTlsWanted,
            name + " is set: some SDKs then use TLS, which agents do not support; remove it");
      }
    }
    if (value_for_traces("INSECURE") == "false") {
      add(WarnReason::kTlsWanted,
          "OTEL_EXPORTER_OTLP_INSECURE is false: some SDKs then use TLS, which agents do not "
          "support; remove it");
    }
  }

  void compression() {
    constexpr auto kTaken = std::to_array<std::string_view>({"", "none", "gzip", "zstd"});
    const std::string wanted = value_for_traces("COMPRESSION");
    if (std::find(kTaken.begin(), kTaken.end(), wanted) != kTaken.end()) return;
    add(WarnReason::kCompressionNotKnown,
        "OTEL_EXPORTER_OTLP_COMPRESSION names one that agents reject; use gzip, zstd or none");
  }

  const ContainerVariables& variables_;
  const JavaOptions java_;
  const std::string_view container_;
  const AgentsOfPod& agents_;
  PodWarnings warnings_;
};

}  // namespace

PodWarnings exporter_warnings(const ContainerVariables& variables, std::string_view container,
                              const AgentsOfPod& agents) {
  return ExporterWarnings(variables, container, agents).make();
}

}  // namespace dualtrace::ctl
