// SPDX-License-Identifier: Apache-2.0
#include "operator/app/permission_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "common/config/value.h"
#include "operator/api/image_name.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kEntriesMax = 256;
constexpr uint64_t kMaxBacklogLeast = 130ULL << 20;  // the least maxBacklog that an export can set

// The parser has no options with an empty value: it would take the next option as the value.
constexpr std::string_view kNone = "none";

using ReadPattern = Result<std::string> (*)(std::string_view);

// Returns what is wrong with the text, or "".
std::string read_patterns(std::string_view text, ReadPattern read, std::vector<std::string>& into) {
  into.clear();
  if (text == kNone) return {};
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    auto pattern = read(text.substr(0, comma));
    if (!pattern) return std::string(text.substr(0, comma)) + ": " + pattern.error().message;
    into.push_back(*std::move(pattern));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return into.size() <= kEntriesMax ? "" : "expected at most 256 entries";
}

void add_patterns(CLI::App& line, const std::string& name, const std::string& type,
                  const std::string& description, ReadPattern read,
                  std::vector<std::string>& into) {
  line.add_option(name, description)
      ->type_name(type)
      ->check(CLI::Validator(
          [read, &into](std::string& text) { return read_patterns(text, read, into); }, ""));
}

}  // namespace

void add_permissions(CLI::App& line, Permissions& permissions) {
  add_patterns(line, "--permit-images", "REPOSITORY,…",
               "Repositories that spec.agent.image may name besides --agent-image's; default: none",
               repository_pattern, permissions.images);
  line.add_flag("--permit-host-path", permissions.host_path,
                "Exports may keep spans on the nodes' disks (default: true)");
  add_patterns(line, "--permit-priority-classes", "NAME,…",
               "PriorityClasses that exports may name; default: none", priority_class_pattern,
               permissions.priority_classes);
  add_patterns(line, "--permit-tolerations", "KEY,…",
               "Keys of the taints that exports may tolerate; default: * (all)", taint_key_pattern,
               permissions.tolerations);
  line.add_option("--permit-max-backlog", "The upper limit for maxBacklog of exports")
      ->type_name("SIZE")
      ->check(CLI::Validator(
          [&permissions](std::string& text) -> std::string {
            const auto size = parse_size(text);
            if (!size) return size.error().message;
            if (*size < kMaxBacklogLeast) return "expected at least 130Mi";
            permissions.max_backlog = text;
            return {};
          },
          ""));
  add_patterns(line, "--permit-hosts", "HOST,…",
               "Hosts that exports may deliver to or use as proxies; default: * (all)",
               host_pattern, permissions.hosts);
  add_patterns(line, "--permit-secret-keys", "SECRET/KEY,…",
               "Keys of Secrets whose values exports may send; default: * (all)",
               secret_key_pattern, permissions.secret_keys);
  add_patterns(line, "--permit-env", "NAME,…",
               "Environment variables that exports may set in their agents; default: none",
               variable_pattern, permissions.env);
  line.add_flag("--permit-se-linux-options", permissions.se_linux_options,
                "Exports may set SELinux options for their agents (default: false)");
}

}  // namespace dualtrace::ctl
