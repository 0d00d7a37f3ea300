// SPDX-License-Identifier: Apache-2.0
// docs/injection.md documents every name that a user may encounter.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "operator/api/injection_words.h"
#include "operator/webhook/added_containers.h"
#include "operator/webhook/refusal.h"
#include "operator/webhook/service_labels.h"
#include "operator/webhook/warning.h"

namespace dualtrace::ctl {
namespace {

std::string page() {
  std::ifstream file(DUALTRACE_ROOT "/docs/injection.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(InjectionPage, ExplainsEveryReason) {
  for (const std::string_view reason : kSkipReasons) {
    EXPECT_THAT(page(), testing::HasSubstr("| `" + std::string(reason) + "` |"));
  }
  const std::string warnings = page().substr(page().find("## Warnings"));
  for (const std::string_view reason : kWarnReasons) {
    EXPECT_THAT(warnings, testing::HasSubstr("| `" + std::string(reason) + "` |"));
  }
}

TEST(InjectionPage, HasTheTableOfServiceNames) {
  std::string table = "| Platform | Label |\n|---|---|\n";
  for (const auto& [platform, label, beside, names] : kServiceLabels) {
    table.append("| ").append(platform).append(" | `").append(label).append("`");
    if (!beside.empty()) table.append(", beside `").append(beside).append("`");
    table += names == ServiceLabel::Names::kOneRun ? ", without a run's end |\n" : " |\n";
  }
  EXPECT_THAT(page(), testing::HasSubstr(table));
}

TEST(InjectionPage, HasTheTableOfContainersThatOthersAdd) {
  std::string table = "| Added by | Container | Where the pod has |\n|---|---|---|\n";
  for (const auto& [by, name, mark] : kAddedContainers) {
    table.append("| ").append(by).append(" | `").append(name).append("` | ");
    if (!mark.empty()) table.append("`").append(mark).append("`");
    table += " |\n";
  }
  EXPECT_THAT(page(), testing::HasSubstr(table));
}

TEST(InjectionPage, ExplainsEveryAnnotation) {
  for (const std::string_view word :
       {kInjectWord, kContainersAnnotation, kProtocolAnnotation, kEnvFromAnnotation,
        kInjectedAnnotation, kSkippedAnnotation, kWarnedAnnotation}) {
    EXPECT_THAT(page(), testing::HasSubstr("`" + std::string(word) + "`"));
  }
}

}  // namespace
}  // namespace dualtrace::ctl
