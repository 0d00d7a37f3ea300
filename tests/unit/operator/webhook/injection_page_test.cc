// docs/injection.md has every word that a user may meet.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "operator/api/injection_words.h"
#include "operator/webhook/refusal.h"

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
}

TEST(InjectionPage, ExplainsEveryAnnotation) {
  for (const std::string_view word :
       {kInjectWord, kContainersAnnotation, kProtocolAnnotation, kEnvFromAnnotation,
        kInjectedAnnotation, kSkippedAnnotation}) {
    EXPECT_THAT(page(), testing::HasSubstr("`" + std::string(word) + "`"));
  }
}

}  // namespace
}  // namespace dualtrace::ctl
