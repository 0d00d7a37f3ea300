// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/cluster_dns.h"

#include <algorithm>

namespace dualtrace::ctl {
namespace {

constexpr size_t kDomainBytesMax = 120;  // the name of a Service takes at most 120 of 253 bytes
constexpr size_t kLabelBytesMax = 63;
constexpr std::string_view kServices = "svc.";

std::vector<std::string> words_of(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r";
  std::vector<std::string> words;
  while (true) {
    const size_t begin = line.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::string_view word = line.substr(0, line.find_first_of(kSpace));
    words.emplace_back(word);
    line.remove_prefix(word.size());
  }
}

bool is_label(std::string_view text) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kLabelBytesMax && alphanumeric(text.front()) &&
         alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}

std::string_view without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

}  // namespace

bool is_cluster_domain(std::string_view text) {
  if (text.size() > kDomainBytesMax) return false;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t dot = std::min(text.find('.', begin), text.size());
    if (!is_label(text.substr(begin, dot - begin))) return false;
    begin = dot + 1;
  }
  return true;
}

std::string domain_of(const std::vector<std::string>& searches) {
  for (const std::string& search : searches) {
    const std::string_view name = without_dot(search);
    if (!name.starts_with(kServices)) continue;
    const std::string_view domain = name.substr(kServices.size());
    if (is_cluster_domain(domain)) return std::string(domain);
  }
  return "";
}

// Both entries that the kubelet writes must be present: a site may have a domain that begins with
// "svc.".
ClusterDns read_cluster_dns(std::string_view resolver_configuration,
                            std::string_view pod_namespace) {
  std::vector<std::string> searches;
  ClusterDns dns;
  while (!resolver_configuration.empty()) {
    const std::string_view line =
        resolver_configuration.substr(0, resolver_configuration.find('\n'));
    resolver_configuration.remove_prefix(std::min(line.size() + 1, resolver_configuration.size()));
    std::vector<std::string> words = words_of(line);
    if (words.size() < 2) continue;
    if (words[0] == "nameserver") dns.servers.push_back(words[1]);
    if (words[0] != "search" && words[0] != "domain") continue;
    searches.assign(words.begin() + 1, words.end());  // the last one wins
  }
  const std::string domain = domain_of(searches);
  const std::string own = std::string(pod_namespace) + ".svc." + domain;
  const bool is_the_clusters =
      !domain.empty() && std::any_of(searches.begin(), searches.end(), [&](const auto& search) {
        return without_dot(search) == own;
      });
  if (!is_the_clusters) return {};
  dns.domain = domain;
  return dns;
}

}  // namespace dualtrace::ctl
