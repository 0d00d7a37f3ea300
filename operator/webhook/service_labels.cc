// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/service_labels.h"

#include <algorithm>

namespace dualtrace::ctl {
namespace {

constexpr size_t kGeneratedBytes = 5;
// The alphabet of generated names: without vowels and look-alikes, so that hardly any word occurs
// by chance.
constexpr std::string_view kGenerated = "bcdfghjklmnpqrstvwxz2456789";
// Words in that alphabet with which people end names: "migrate-pgsql" is not a run of "migrate".
constexpr auto kWords = std::to_array<std::string_view>(
    {"bpmn2", "btrfs", "gltf2", "hl7v2", "html5", "http2", "https", "mqtt5", "mqtts", "mssql",
     "nccl2", "pgsql", "pkcs7", "pkcs8", "plsql", "rdbms", "smtps", "tpcds", "xhtml", "xslt2"});
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kRayCluster = "-raycluster";
constexpr std::string_view kJenkinsRun = "runUrl";  // an annotation: "job/shop/job/build/17/"
constexpr std::string_view kJenkinsLabel = "jenkins/label";

std::string_view label_of(const Json& pod, std::string_view name) {
  return text_at(pod, {"metadata", "labels", name});
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of(kDigits) == std::string_view::npos;
}

// Digits alone were chosen by a person: only one in a thousand generated suffixes has no letter.
bool is_generated(std::string_view end) {
  return end.size() == kGeneratedBytes &&
         end.find_first_not_of(kGenerated) == std::string_view::npos && !is_number(end) &&
         std::find(kWords.begin(), kWords.end(), end) == kWords.end();
}

// The time since 1970 in seconds to nanoseconds, or 202611301200 with or without seconds. Not every
// long number: an account number has twelve digits, too.
bool is_time(std::string_view end) {
  if (!is_number(end)) return false;
  switch (end.size()) {
    case 10:
    case 13:
    case 16:
    case 19:
      return end.starts_with('1');
    case 12:
    case 14:
      return end.starts_with("20");
    default:
      return false;
  }
}

// "build" of "job/shop/job/build/17/"; "" of anything else.
std::string_view jenkins_job(std::string_view run) {
  if (!run.starts_with("job/")) return {};
  while (run.ends_with('/')) run.remove_suffix(1);
  const size_t number = run.rfind('/');
  if (number == std::string_view::npos || !is_number(run.substr(number + 1))) return {};
  run = run.substr(0, number);
  return run.substr(run.rfind('/') + 1);
}

}  // namespace

std::string_view without_run(std::string_view name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return name;
  const std::string_view end = name.substr(dash + 1);
  if (!is_generated(end) && !is_time(end)) return name;
  name = name.substr(0, dash);
  if (name.ends_with(kRayCluster) && name.size() > kRayCluster.size()) {
    name.remove_suffix(kRayCluster.size());
  }
  return name;
}

std::string service_by_label(const Json& pod) {
  for (const auto& [platform, label, beside, names] : kServiceLabels) {
    const std::string_view name = label_of(pod, label);
    if (name.empty() || (!beside.empty() && label_of(pod, beside).empty())) continue;
    return std::string(names == ServiceLabel::Names::kOneRun ? without_run(name) : name);
  }
  const std::string_view job = jenkins_job(text_at(pod, {"metadata", "annotations", kJenkinsRun}));
  return std::string(job.empty() ? without_run(label_of(pod, kJenkinsLabel)) : job);
}

}  // namespace dualtrace::ctl
