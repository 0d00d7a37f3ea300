// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/proxies.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "operator/webhook/java_options.h"

namespace dualtrace::ctl {
namespace {

// HTTPS_PROXY, too: many gRPC clients read it for plain-text connections as well.
constexpr auto kProxies =
    std::to_array<std::string_view>({"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
                                     "ALL_PROXY", "all_proxy", "grpc_proxy"});
constexpr auto kExceptions =
    std::to_array<std::string_view>({"NO_PROXY", "no_proxy", "no_grpc_proxy"});

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(), lower);
  return made;
}

// Only some clients understand "*.example".
bool entry_means(std::string_view entry, std::string_view host) {
  if (entry == "*") return true;
  entry = entry.substr(0, entry.find(':'));
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.ends_with('.')) entry.remove_suffix(1);
  if (entry.empty() || !host.ends_with(entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

bool is_in_small_letters(std::string_view name) { return name.front() >= 'a'; }

std::string named(const std::vector<std::string_view>& variables) {
  std::string text;
  for (const std::string_view name : variables) {
    text.append(text.empty() ? "" : ", ").append(name);
  }
  return text;
}

std::string advice(std::string_view host) {
  return "its spans may go to the proxy and be lost; add " + std::string(host) + " to NO_PROXY";
}

bool is_in_env(const ContainerVariables& variables, std::string_view proxy) {
  using State = ContainerVariables::State;
  const State state = variables.state(proxy);
  return state == State::kSet || state == State::kNotKnown;
}

bool may_be_in_env_from(const ContainerVariables& variables, std::string_view proxy) {
  return !variables.sets(proxy) && variables.suggests(proxy);
}

template <typename Names>
std::vector<std::string_view> those_that(bool (*fits)(const ContainerVariables&, std::string_view),
                                         const ContainerVariables& variables, const Names& names) {
  std::vector<std::string_view> found;
  std::copy_if(names.begin(), names.end(), std::back_inserter(found),
               [&](std::string_view name) { return fits(variables, name); });
  return found;
}

// Why a list of exceptions that is set may not exempt the host; "" if it does.
std::string fault_of(const ContainerVariables& variables, std::string_view name,
                     std::string_view host) {
  const auto text = variables.text(name);
  if (text && leaves_out(*text, host)) return "";
  const bool is_known = text && text->find("$(") == std::string_view::npos;
  return is_known ? std::string(name) + " does not contain the agents' name"
                  : "it is not known whether " + std::string(name) + " contains the agents' name";
}

std::optional<std::string> by_variables(const ContainerVariables& variables,
                                        std::string_view host) {
  std::vector<std::string_view> proxies = those_that(is_in_env, variables, kProxies);
  const bool is_sure = !proxies.empty();
  if (!is_sure) proxies = those_that(may_be_in_env_from, variables, kProxies);
  if (proxies.empty()) return std::nullopt;
  const std::string begin =
      named(proxies) + (is_sure ? " is set, and " : " may be set by envFrom, and ");
  bool is_left_out = false;
  for (const std::string_view name : kExceptions) {
    if (!variables.sets(name)) continue;
    const std::string fault = fault_of(variables, name, host);
    if (!fault.empty()) return begin + fault + ": " + advice(host);
    is_left_out = true;
  }
  if (!is_left_out) {
    const bool is_suggested = !those_that(may_be_in_env_from, variables, kExceptions).empty();
    return begin +
           (is_suggested ? "it is not known whether NO_PROXY contains the agents' name"
                         : "NO_PROXY is not") +
           ": " + advice(host);
  }
  const bool read_by_grpc = std::any_of(proxies.begin(), proxies.end(), is_in_small_letters);
  if (!read_by_grpc || variables.sets("no_proxy")) return std::nullopt;
  return begin + "no_proxy in lower case, the only one that gRPC reads, is not: " + advice(host);
}

// "*.cluster.local", "agents*": an asterisk at one end.
bool java_entry_means(std::string_view entry, std::string_view host) {
  if (entry.starts_with('*')) return host.ends_with(entry.substr(1));
  if (entry.ends_with('*')) return host.starts_with(entry.substr(0, entry.size() - 1));
  return host == entry;
}

std::optional<std::string> by_java(const JavaOptions& options, std::string_view host) {
  const auto is_set = [&](std::string_view property) {
    const auto value = options.property(property);
    return value && !value->empty();
  };
  if (!is_set("http.proxyHost") && !is_set("https.proxyHost") && !is_set("socksProxyHost")) {
    return std::nullopt;
  }
  std::string_view rest = options.property("http.nonProxyHosts").value_or("");
  while (!rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find('|'));
    if (!entry.empty() && java_entry_means(entry, host)) return std::nullopt;
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
  }
  return "Java's options set a proxy, and http.nonProxyHosts does not contain the agents' name: "
         "its spans may go to the proxy and be lost; add " +
         std::string(host) + " there";
}

}  // namespace

bool leaves_out(std::string_view no_proxy, std::string_view host) {
  constexpr std::string_view kBetween = ", \t\r\n";
  const std::string wanted = lowered(host);
  while (true) {
    const size_t begin = no_proxy.find_first_not_of(kBetween);
    if (begin == std::string_view::npos) return false;
    no_proxy.remove_prefix(begin);
    const std::string_view entry = no_proxy.substr(0, no_proxy.find_first_of(kBetween));
    if (entry_means(lowered(entry), wanted)) return true;
    no_proxy.remove_prefix(entry.size());
  }
}

std::optional<std::string> proxy_in_the_way(const ContainerVariables& variables,
                                            std::string_view host) {
  if (auto why = by_variables(variables, host)) return why;
  return by_java(JavaOptions(variables), host);
}

}  // namespace dualtrace::ctl
