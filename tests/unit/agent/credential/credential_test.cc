#include "agent/credential/credential.h"

#include <gtest/gtest.h>

#include "common/config/credential_text.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::agent {
namespace {

using std::chrono::seconds;

struct FileCredential : testing::Test {
  void write(std::string_view content) { ASSERT_TRUE(write_file(files, "/secret/key", content)); }

  FakeClock clock;
  MemoryFileSystem files;
  std::unique_ptr<Credential> credential = [this] {
    EXPECT_TRUE(files.make_folders("/secret"));
    return make_file_credential("/secret/key", seconds(60), files, clock, check_credential);
  }();
};

TEST_F(FileCredential, LosesTheWhiteSpaceAroundIt) {
  write(" ak-1-2\r\n");
  EXPECT_EQ(credential->value().value(), "ak-1-2");
}

TEST_F(FileCredential, IsReadAnewWhenItIsOld) {
  write("old");
  EXPECT_EQ(credential->value().value(), "old");
  write("new");
  clock.advance(seconds(59));
  EXPECT_EQ(credential->value().value(), "old");
  clock.advance(seconds(1));
  EXPECT_EQ(credential->value().value(), "new");
}

TEST_F(FileCredential, IsReadAnewAtOnceWhenItWasRefused) {
  write("old");
  EXPECT_EQ(credential->value().value(), "old");
  write("new");
  credential->invalidate();
  EXPECT_EQ(credential->value().value(), "new");
}

TEST_F(FileCredential, IsTriedAgainEachTimeWhileItCannotBeRead) {
  const auto missing = credential->value();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(missing.error().message.find("/secret/key"), std::string::npos);
  write("here");
  EXPECT_EQ(credential->value().value(), "here");
}

TEST_F(FileCredential, ServesOnWhileItsFileCannotBeReadUntilItIsRefused) {
  write("old");
  EXPECT_EQ(credential->value().value(), "old");
  ASSERT_TRUE(files.remove("/secret/key"));
  clock.advance(seconds(60));
  EXPECT_EQ(credential->value().value(), "old");
  credential->invalidate();
  EXPECT_FALSE(credential->value());
}

TEST_F(FileCredential, RefusesWhatCannotBeACredentialWithoutRepeatingIt) {
  for (const std::string& content :
       {std::string(), std::string(" \n"), std::string("hun\nter2"), std::string("hun\0ter2", 8),
        std::string(64 * 1024 + 1, 'x')}) {
    write(content);
    const auto refused = credential->value();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(refused.error().message.find("ter2"), std::string::npos);
    EXPECT_LT(refused.error().message.size(), 200u);
  }
}

TEST_F(FileCredential, SaysWhatIsMountedBeforeAnybodyAsksForIt) {
  EXPECT_EQ(credential->look().error().kind, ErrorKind::kNotFound);
  write("\"quoted\"");
  EXPECT_EQ(credential->look().error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(credential->fingerprint(), "");
  write("abc");
  EXPECT_TRUE(credential->look());
  EXPECT_EQ(credential->fingerprint(), "ba7816bf");
  EXPECT_EQ(credential->value().value(), "abc");
}

TEST_F(FileCredential, IsUsedAnewAsSoonAsALookFindsIt) {
  write("old");
  EXPECT_EQ(credential->value().value(), "old");
  write("new");
  EXPECT_TRUE(credential->look());
  EXPECT_EQ(credential->value().value(), "new");
  write("");
  EXPECT_FALSE(credential->look());
  EXPECT_EQ(credential->value().value(), "new") << "nobody has refused it";
}

TEST_F(FileCredential, ShowsWhichVersionItIsWithoutShowingIt) {
  EXPECT_EQ(credential->fingerprint(), "");
  write("abc");
  EXPECT_TRUE(credential->value());
  EXPECT_EQ(credential->fingerprint(), "ba7816bf");  // SHA-256's own example
  write("abcd");
  credential->invalidate();
  EXPECT_EQ(credential->fingerprint(), "ba7816bf");
  EXPECT_TRUE(credential->value());
  EXPECT_EQ(credential->fingerprint(), "88d4266f");
}

}  // namespace
}  // namespace dualtrace::agent
