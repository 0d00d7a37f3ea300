// SPDX-License-Identifier: Apache-2.0
#include "operator/api/permissions.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/config/rules.h"
#include "common/config/schema.h"
#include "common/config/value.h"
#include "operator/api/glob.h"
#include "operator/api/image_name.h"
#include "operator/api/kubernetes_rules.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kPatternsTold = 5;
constexpr std::string_view kAll = "*";

using Patterns = std::vector<std::string>;

bool permits_all(const Patterns& patterns) {
  return std::find(patterns.begin(), patterns.end(), kAll) != patterns.end();
}

bool fits_one(const Patterns& patterns, std::string_view text, char separator) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return pattern == kAll || matches_glob(pattern, text, separator);
  });
}

std::string told(const Patterns& patterns) {
  if (patterns.empty()) return "none";
  std::string text;
  for (size_t i = 0; i < std::min(patterns.size(), kPatternsTold); ++i) {
    text += (i == 0 ? "" : ", ") + patterns[i];
  }
  if (patterns.size() > kPatternsTold) {
    text += " and " + std::to_string(patterns.size() - kPatternsTold) + " more";
  }
  return text;
}

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return made;
}

// A canonical form of each host: without the trailing dot, and the shortest form of an IPv6
// address. Other ways to write an IPv4 address (0x7f.1) match no pattern.
std::string normal_host(std::string_view text) {
  std::string host = lower(text);
  in6_addr address{};
  if (inet_pton(AF_INET6, host.c_str(), &address) == 1) {
    std::array<char, INET6_ADDRSTRLEN> shortest{};
    inet_ntop(AF_INET6, &address, shortest.data(), shortest.size());
    return shortest.data();
  }
  if (host.ends_with('.')) host.pop_back();
  return host;
}

// "a..b" and ".b" are not hosts; an asterisk must not match a missing label.
bool has_empty_label(std::string_view host) {
  return host.empty() || host.front() == '.' || host.back() == '.' ||
         host.find("..") != std::string_view::npos;
}

class Judge {
 public:
  Judge(const DualTraceExport& wanted, const Permissions& permissions, std::string_view own_image)
      : wanted_(wanted), permissions_(permissions), own_image_(own_image) {}

  std::vector<ExportFault> judge() {
    judge_hosts();
    judge_secrets();
    judge_delivery();
    judge_image();
    judge_tolerations();
    judge_priority();
    judge_env();
    judge_se_linux("spec.agent.podSecurityContext",
                   wanted_.agent.pod_security_context.value_or(SecurityContext{}));
    judge_se_linux("spec.agent.securityContext", wanted_.agent.security_context);
    return std::move(faults_);
  }

 private:
  // "… is not permitted here; this installation permits a, b (permissions.hosts); …"
  void refuse(std::string path, const std::string& what, std::string_view value,
              const std::string& permits, const std::string& fix) {
    faults_.push_back({std::move(path), what + " is not permitted: this installation permits " +
                                            permits + " (permissions." + std::string(value) +
                                            "); " + fix});
  }

  void judge_host(const std::string& path, std::string_view host) {
    const std::string name = normal_host(host);
    if (permits_all(permissions_.hosts)) return;
    if (!has_empty_label(name) && fits_one(permissions_.hosts, name, '.')) return;
    refuse(path, "host " + name, "hosts", told(permissions_.hosts),
           "use one of these, or have the installation permit it");
  }

  void judge_url(std::string_view key) {
    const std::string* text = wanted_.setting(key);
    if (text == nullptr) return;
    const auto url = find_key(key)->parse_url(*text);
    if (url) judge_host("spec." + std::string(key), url->authority.host);
  }

  void judge_hosts() {
    if (const auto* region = wanted_.setting("arize.region")) {
      judge_host("spec.arize.region", arize_host(*region));
    }
    for (const std::string_view key :
         {"arize.endpoint", "arize.proxyURL", "databricks.workspaceURL",
          "databricks.zerobus.endpoint", "databricks.proxyURL"}) {
      judge_url(key);
    }
  }

  void judge_secrets() {
    for (const SecretUse& use : secrets_named_by(wanted_)) {
      const std::string name = use.reference.name + "/" + use.reference.key;
      if (auto why = never_sent(use, "")) {
        faults_.push_back({use.path, *std::move(why)});
      } else if (use.part != CredentialPart::kAuthority &&
                 !fits_one(permissions_.secret_keys, name, '/')) {
        refuse(use.path, "key " + use.reference.key + " of Secret " + use.reference.name,
               "secretKeys", told(permissions_.secret_keys),
               "put the value there, or have the installation permit it");
      }
    }
  }

  void judge_delivery() {
    const DeliverySpec& delivery = wanted_.delivery;
    if (delivery.storage == Storage::kHostPath && !permissions_.host_path) {
      faults_.push_back({"spec.delivery.storage",
                         "HostPath is not permitted by this installation (permissions.hostPath); "
                         "use EmptyDir, or have the installation permit it"});
    }
    const std::string& backlog = *wanted_.setting("delivery.maxBacklog");
    const auto asked = parse_size(backlog);
    const auto most = parse_size(permissions_.max_backlog);
    if (asked && most && *asked <= *most) return;
    refuse("spec.delivery.maxBacklog", backlog, "maxBacklog", "at most " + permissions_.max_backlog,
           "lower it");
  }

  void judge_image() {
    if (!wanted_.agent.image || permits_all(permissions_.images)) return;
    const auto asked = repository_of(*wanted_.agent.image);
    const auto own = repository_of(own_image_);
    if (asked) {
      if (own && *asked == *own) return;
      if (fits_one(permissions_.images, *asked, '/')) return;
    }
    Patterns all = permissions_.images;
    all.insert(all.begin(), own ? *own : std::string(own_image_));
    refuse("spec.agent.image",
           *wanted_.agent.image + (asked ? "" : " (" + asked.error().message + ")"), "images",
           told(all),
           "remove it to run the installation's image, or have the installation permit its "
           "repository");
  }

  void judge_tolerations() {
    if (!wanted_.agent.tolerations) return;
    size_t index = 0;
    for (const Json& toleration : *wanted_.agent.tolerations) {
      const std::string key(text_at(toleration, {"key"}));
      const std::string path = "spec.agent.tolerations[" + std::to_string(index++) + "]";
      // Without a key, the toleration is for every taint.
      if (permits_all(permissions_.tolerations)) continue;
      if (!key.empty() && fits_one(permissions_.tolerations, key, 0)) continue;
      refuse(path, key.empty() ? "a toleration of every taint" : "a toleration of taint " + key,
             "tolerations", "taints " + told(permissions_.tolerations),
             "remove it, or have the installation permit it");
    }
  }

  void judge_priority() {
    const auto& name = wanted_.agent.priority_class_name;
    if (!name || fits_one(permissions_.priority_classes, *name, 0)) return;
    refuse("spec.agent.priorityClassName", *name, "priorityClassNames",
           told(permissions_.priority_classes), "remove it, or have the installation permit it");
  }

  // A variable can make the agent's libraries use a proxy or other certificates, or log what they
  // send.
  void judge_env() {
    size_t index = 0;
    for (const Json& variable : wanted_.agent.env) {
      const std::string name(text_at(variable, {"name"}));
      const std::string path = "spec.agent.env[" + std::to_string(index++) + "]";
      if (fits_one(permissions_.env, name, 0)) continue;
      refuse(path, "variable " + name, "env", told(permissions_.env),
             "remove it, or have the installation permit it");
    }
  }

  void judge_se_linux(const std::string& path, const SecurityContext& context) {
    if (context.se_linux_options.is_null() || permissions_.se_linux_options) return;
    faults_.push_back({path + ".seLinuxOptions",
                       "is not permitted by this installation (permissions.seLinuxOptions); remove "
                       "it, or have the installation permit it or set it in agent.defaults"});
  }

  const DualTraceExport& wanted_;
  const Permissions& permissions_;
  const std::string_view own_image_;
  std::vector<ExportFault> faults_;
};

// Types of Secrets of the control plane or the cluster's own programs. A tenant who can name
// Secrets but not read them must not be able to have them sent to a host of their own.
constexpr auto kTypesNeverSent = std::to_array<std::string_view>(
    {"kubernetes.io/service-account-token", "kubernetes.io/dockerconfigjson",
     "kubernetes.io/dockercfg", "kubernetes.io/tls", "kubernetes.io/ssh-auth",
     "bootstrap.kubernetes.io/token", "helm.sh/release.v1", "cluster.x-k8s.io/secret"});

// The same, by the keys that these types require, for Secrets that the operator may not read. A
// ServiceAccount token is recognized by its content: agents refuse it (check_credential()).
constexpr auto kNamesNeverSent = std::to_array<std::string_view>(
    {"*/.dockerconfigjson", "*/.dockercfg", "*/tls.key", "*/ca.key", "*/ssh-privatekey",
     "bootstrap-token-*/*", "sh.helm.release.v1.*/*"});

Result<std::string> expected(const char* what) { return fail(ErrorKind::kInvalid, what); }

}  // namespace

Result<std::string> host_pattern(std::string_view text) {
  constexpr const char* kExpected =
      "expected a host, such as otlp.arize.com or *.cloud.databricks.com: \"*\" matches within one "
      "label, \"**\" across labels; without scheme and port, and with xn--… for non-ASCII names";
  const bool bracketed = text.starts_with('[') && text.ends_with(']');
  if (bracketed) text = text.substr(1, text.size() - 2);
  std::string made = normal_host(text);
  if (bracketed || made.find(':') != std::string::npos) {
    in6_addr address{};
    if (inet_pton(AF_INET6, made.c_str(), &address) == 1) return made;
    return expected(kExpected);
  }
  const bool fits = std::all_of(made.begin(), made.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '*';
  });
  if (!fits || has_empty_label(made)) return expected(kExpected);
  return made;
}

Result<std::string> secret_key_pattern(std::string_view text) {
  if (text == kAll) return std::string(text);
  const auto is_part = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '.' || c == '_' || c == '*';
    });
  };
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos && is_part(text.substr(0, slash)) &&
      is_part(text.substr(slash + 1)) && text.find("**") == std::string_view::npos) {
    return std::string(text);
  }
  return expected(
      "expected SECRET/KEY, such as arize/*, */api-key or databricks/token, or * for all");
}

Result<std::string> priority_class_pattern(std::string_view text) {
  const bool fits = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '*';
  });
  if (fits) return std::string(text);
  return expected("expected the name of a PriorityClass, such as agents or observability-*");
}

Result<std::string> taint_key_pattern(std::string_view text) {
  const bool fits = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '/' || c == '*';
  });
  if (fits) return std::string(text);
  return expected("expected the key of a taint, such as dedicated or node-role.kubernetes.io/*");
}

Result<std::string> variable_pattern(std::string_view text) {
  const bool fits = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '*';
  });
  if (fits) return std::string(text);
  return expected("expected the name of a variable, such as TZ or GRPC_*");
}

std::vector<ExportFault> not_permitted(const DualTraceExport& as_written,
                                       const Permissions& permissions, std::string_view own_image) {
  return Judge(as_written, permissions, own_image).judge();
}

std::optional<std::string> never_sent(const SecretUse& use, std::string_view type) {
  const KeyReference& reference = use.reference;
  const std::string name = reference.name + "/" + reference.key;
  const bool by_name =
      std::any_of(kNamesNeverSent.begin(), kNamesNeverSent.end(),
                  [&](std::string_view pattern) { return matches_glob(pattern, name, '/'); });
  // Certificates to trust are not sent, and may come from Secrets of these types.
  const bool by_type =
      use.part != CredentialPart::kAuthority &&
      std::find(kTypesNeverSent.begin(), kTypesNeverSent.end(), type) != kTypesNeverSent.end();
  if (!by_name && !by_type) return std::nullopt;
  std::string what = "key " + reference.key + " of Secret " + reference.name;
  if (by_type) what += ", of type " + std::string(type) + ",";
  return what +
         " is not permitted: the keys of the cluster and of its programs are never sent; create a "
         "Secret with the destination's own key, and name it instead";
}

}  // namespace dualtrace::ctl
