// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/java_options.h"

#include <array>

namespace dualtrace::ctl {
namespace {

// In increasing precedence: the command line overrides the variables that the virtual machine reads
// (the second and third are OpenJ9's), but not the last. Start scripts by convention take the ones
// in between into the command line.
constexpr auto kVariables =
    std::to_array<std::string_view>({"JAVA_TOOL_OPTIONS", "OPENJ9_JAVA_OPTIONS", "IBM_JAVA_OPTIONS",
                                     "JDK_JAVA_OPTIONS", "JAVA_OPTS", "JAVA_OPTS_APPEND",
                                     "JAVA_OPTIONS", "JVM_OPTS", "CATALINA_OPTS", "_JAVA_OPTIONS"});
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kQuotes = "\"'";

std::string_view unquoted(std::string_view text) {
  while (!text.empty() && kQuotes.find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
  }
  while (!text.empty() && kQuotes.find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

JavaOptions::JavaOptions(const ContainerVariables& variables) {
  for (const std::string_view variable : kVariables) {
    std::string_view rest = variables.text(variable).value_or("");
    while (true) {
      const size_t begin = rest.find_first_not_of(kSpace);
      if (begin == std::string_view::npos) break;
      rest.remove_prefix(begin);
      const std::string_view word = rest.substr(0, rest.find_first_of(kSpace));
      rest.remove_prefix(word.size());
      const std::string_view option = unquoted(word);
      if (!option.starts_with("-D")) continue;
      const size_t equal = option.find('=');
      const std::string_view value =
          equal == std::string_view::npos ? std::string_view() : option.substr(equal + 1);
      properties_.insert_or_assign(
          option.substr(2, equal == std::string_view::npos ? std::string_view::npos : equal - 2),
          unquoted(value));
    }
  }
}

std::optional<std::string_view> JavaOptions::property(std::string_view name) const {
  const auto found = properties_.find(name);
  return found == properties_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace dualtrace::ctl
