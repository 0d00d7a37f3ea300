// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/keeper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "common/config/credential_text.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/unit/agent/credential/jwts.h"

namespace dualtrace::agent {
namespace {

using report::CandidateState;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = KeyVerdict::Kind;

const KeyVerdict kTaken{.kind = Kind::kTaken};
const KeyVerdict kUnsaid{};
const KeyVerdict kRefused{.kind = Kind::kRefused, .reason = "AuthRejected", .message = "no"};
const KeyVerdict kForbidden{.kind = Kind::kRefused, .reason = "PermissionDenied", .message = "no"};

// Leaves each request pending until the test supplies the token endpoint's answer.
class FakeMaker final : public KeyMaker {
 public:
  void make(const std::vector<std::string>& values, Done done) override {
    asked.push_back({values.front(), std::move(done)});
  }
  std::deque<std::pair<std::string, Done>> asked;
};

struct KeeperFixture : testing::Test {
  KeeperFixture() { EXPECT_TRUE(files.make_folders("/secret")); }
  void write(std::string_view content) { ASSERT_TRUE(write_file(files, "/secret/key", content)); }
  void start(KeyMaker& maker, CheckCredential check = check_credential,
             CredentialPart part = CredentialPart::kToken,
             std::optional<CredentialLegacy> legacy = {}) {
    keeper = std::make_unique<Keeper>(
        KeeperOptions{.purpose = purpose},
        Keeper::Parts{.files = SecretFiles({{part, "/secret/key", check}}, files),
                      .maker = maker,
                      .scheduler = scheduler,
                      .random = Random(1),
                      .opened = [this] { ++opened; },
                      .legacy = std::move(legacy)});
    keeper->start();
    scheduler.run_ready();
  }
  // Replaces the keeper, as a reload that changes a setting of its lane does.
  void reload(KeyMaker& maker) {
    CredentialLegacy legacy = keeper->legacy();
    scheduler.stop();
    scheduler.stopped = false;
    start(maker, check_credential, CredentialPart::kToken, std::move(legacy));
  }
  // Replaces the file, as a rotated Secret does.
  void change(std::string_view content) {
    write(content);
    scheduler.run_for(seconds(10));
  }
  std::string value(const KeyPointer& key) { return key == nullptr ? "" : key->values.front(); }
  std::string next() {
    last = keeper->take().value();
    return value(last);
  }
  // Returns the value with which the request is retried, or "".
  std::string answer(const KeyPointer& key, const KeyVerdict& verdict) {
    last = keeper->answered(key, verdict);
    scheduler.run_ready();
    return value(last);
  }
  ErrorKind missing() { return keeper->take().error().kind; }
  std::string in_use() { return keeper->files().at(0).fingerprint; }
  std::string state() {
    const auto candidate = keeper->in_use().candidate;
    return candidate ? candidate->state.text() : "none";
  }

  KeyPurpose purpose{.origin = "https://destination"};
  FakeClock clock;
  FakeScheduler scheduler{clock};
  MemoryFileSystem files;
  int opened = 0;
  KeyPointer last;
  std::unique_ptr<Keeper> keeper;
};

// A credential that is sent verbatim.
struct PlainKeeper : KeeperFixture {
  PlainKeeper() {
    write("old");
    start(maker);
  }
  PlainKeyMaker maker;
  const std::string old_print = credential_fingerprint("old");
  const std::string new_print = credential_fingerprint("new");
};

TEST_F(PlainKeeper, HasItsKeyBeforeTheFirstRequest) { EXPECT_EQ(next(), "old"); }

TEST_F(PlainKeeper, ServesOnWhateverBecomesOfItsFile) {
  ASSERT_TRUE(files.remove("/secret/key"));
  scheduler.run_for(minutes(10));
  EXPECT_EQ(next(), "old");
  EXPECT_EQ(keeper->files()[0].state, report::CredentialState::kMissing);
  EXPECT_EQ(in_use(), old_print);
  change("\"quoted\"");
  EXPECT_EQ(next(), "old");
  EXPECT_EQ(state(), "none");
}

TEST_F(PlainKeeper, LetsAChangedKeyRideOnOneRequestAtATime) {
  change("new");
  EXPECT_EQ(in_use(), old_print);
  EXPECT_EQ(state(), "Proving");
  EXPECT_EQ(keeper->in_use().candidate->fingerprint, new_print);
  EXPECT_EQ(next(), "new");
  const KeyPointer riding = last;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(next(), "old");
  EXPECT_EQ(answer(riding, kTaken), "");
  EXPECT_EQ(in_use(), new_print);
  EXPECT_EQ(state(), "none");
  EXPECT_EQ(next(), "new");
  EXPECT_EQ(next(), "new");
}

TEST_F(PlainKeeper, SaysSinceWhenTheNewAndUntilWhenTheOldKeyWasUsed) {
  EXPECT_EQ(keeper->in_use().since, clock.wall());
  EXPECT_EQ(keeper->in_use().previous, std::nullopt);
  change("new");
  next();
  const KeyPointer riding = last;
  clock.advance(seconds(3));
  next();
  const WallTime last_of_old = clock.wall();
  clock.advance(seconds(3));
  answer(riding, kTaken);
  EXPECT_EQ(keeper->in_use().since, clock.wall());
  EXPECT_EQ(keeper->in_use().previous, (report::PreviousCredential{old_print, last_of_old}));
  clock.advance(seconds(3));
  next();
  EXPECT_EQ(keeper->in_use().previous->last_used, last_of_old);
}

TEST_F(PlainKeeper, CountsARequestThatIsSentAgainAsAUse) {
  change("new");
  next();
  const KeyPointer riding = last;
  clock.advance(seconds(3));
  EXPECT_EQ(answer(riding, kRefused), "old");
  const WallTime last_of_old = clock.wall();
  change("newer");
  next();
  answer(last, kTaken);
  EXPECT_EQ(keeper->in_use().previous->last_used, last_of_old);
}

TEST_F(PlainKeeper, KeepsTheOldKeyWhenTheNewOneIsRefused) {
  change("bad");
  EXPECT_EQ(next(), "bad");
  EXPECT_EQ(answer(last, kForbidden), "old") << "the same request goes out again";
  EXPECT_EQ(answer(last, kTaken), "");
  EXPECT_EQ(state(), "Rejected");
  EXPECT_EQ(keeper->in_use().candidate->reason, "PermissionDenied");
  EXPECT_EQ(keeper->in_use().candidate->why, "no");
  EXPECT_EQ(in_use(), old_print);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(next(), "old");
  EXPECT_EQ(opened, 1) << "at the start: nothing was closed";
}

TEST_F(PlainKeeper, TriesARefusedKeyAgainEverMoreRarely) {
  change("bad");
  int tries = 0;
  for (int second = 0; second < 3600; ++second) {
    if (next() == "bad") {
      ++tries;
      EXPECT_EQ(answer(last, kRefused), "old");
      EXPECT_EQ(state(), "Rejected");
    }
    answer(last, kTaken);
    scheduler.run_for(seconds(1));
  }
  EXPECT_GE(tries, 10) << "it may be good by now";
  EXPECT_LE(tries, 40);
}

TEST_F(PlainKeeper, TriesTheNextChangeAtOnce) {
  change("bad");
  next();
  answer(last, kRefused);
  change("new");
  EXPECT_EQ(state(), "Proving");
  EXPECT_EQ(next(), "new");
  answer(last, kTaken);
  EXPECT_EQ(in_use(), new_print);
}

TEST_F(PlainKeeper, ForgetsAChangeThatIsTakenBack) {
  change("new");
  next();
  const KeyPointer riding = last;
  change("old");
  EXPECT_EQ(state(), "none");
  EXPECT_EQ(answer(riding, kTaken), "");
  EXPECT_EQ(in_use(), old_print);
}

TEST_F(PlainKeeper, ConcludesNothingFromAnythingButAVerdict) {
  change("new");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(next(), "new");
    EXPECT_EQ(answer(last, kUnsaid), "");
    EXPECT_EQ(state(), "Proving");
  }
  EXPECT_EQ(in_use(), old_print);
}

TEST_F(PlainKeeper, SendsAgainWhatWasUnderWayWhenTheOldKeyWasRevoked) {
  next();
  const KeyPointer under_way = last;
  change("new");
  next();
  answer(last, kTaken);
  EXPECT_EQ(answer(under_way, kRefused), "new");
  EXPECT_EQ(answer(last, kTaken), "");
  EXPECT_EQ(in_use(), new_print);
}

TEST_F(PlainKeeper, TriesBothInTurnWhileNeitherPasses) {
  change("bad");
  next();
  answer(last, kRefused);
  next();
  EXPECT_EQ(answer(last, kRefused), "") << "now the old one is revoked: the lane pauses";
  int bad = 0;
  for (int probe = 0; probe < 20; ++probe) {
    scheduler.run_for(seconds(30));
    if (next() == "bad") {
      ++bad;
      EXPECT_EQ(answer(last, kRefused), "old") << "both on one probe";
    }
    EXPECT_EQ(answer(last, kRefused), "");
  }
  EXPECT_GE(bad, 18);
  EXPECT_EQ(in_use(), old_print);
  // Whichever key works again is used.
  scheduler.run_for(seconds(30));
  ASSERT_EQ(next(), "bad");
  answer(last, kTaken);
  EXPECT_EQ(in_use(), credential_fingerprint("bad"));
}

TEST_F(PlainKeeper, GivesARefusedKeyItsTurnSoonWhenTheOldOneIsRevoked) {
  change("bad");
  for (int tries = 0; tries < 6;) {
    const bool bad = next() == "bad";
    tries += bad ? 1 : 0;
    answer(last, bad ? kRefused : kTaken);
    scheduler.run_for(seconds(1));
  }
  ASSERT_EQ(next(), "old");
  answer(last, kRefused);
  scheduler.run_for(seconds(30));
  EXPECT_EQ(next(), "bad") << "it may have been granted what it lacked";
}

TEST_F(PlainKeeper, LooksAtItsFileAtOnceWhenItIsRefusedAndOpensTheLane) {
  write("new");
  next();
  const int before = opened;
  EXPECT_EQ(answer(last, kRefused), "");
  EXPECT_GT(opened, before) << "no need to wait for the next check or probe";
  EXPECT_EQ(next(), "new");
  const int proving = opened;
  EXPECT_EQ(answer(last, kTaken), "");
  EXPECT_GT(opened, proving) << "the others can be sent";
}

TEST_F(PlainKeeper, GoesOnWithTheKeyInUseAfterAReloadAndProvesTheFileAgain) {
  change("bad");
  next();
  EXPECT_EQ(answer(last, kRefused), "old");
  ASSERT_EQ(state(), "Rejected");
  const auto since = keeper->in_use().since;
  reload(maker);
  EXPECT_EQ(in_use(), old_print);
  EXPECT_EQ(keeper->in_use().since, since);
  EXPECT_EQ(state(), "Proving");
  EXPECT_EQ(next(), "bad");
  const KeyPointer riding = last;
  EXPECT_EQ(next(), "old") << "all other requests";
  EXPECT_EQ(answer(riding, kRefused), "old");
  EXPECT_EQ(state(), "Rejected");
  EXPECT_EQ(keeper->in_use().candidate->fingerprint, credential_fingerprint("bad"));
}

TEST_F(PlainKeeper, RemembersThePreviousKeyAfterAReload) {
  next();
  const WallTime last_of_old = clock.wall();
  clock.advance(seconds(3));
  change("new");
  next();
  answer(last, kTaken);
  reload(maker);
  EXPECT_EQ(keeper->in_use().previous, (report::PreviousCredential{old_print, last_of_old}));
}

TEST_F(PlainKeeper, StartsAnewForAnotherServerOrAnotherKindOfCredential) {
  change("new");
  purpose.origin = "https://elsewhere";
  reload(maker);
  EXPECT_EQ(in_use(), new_print) << "the old one was not meant for this server";
  EXPECT_EQ(state(), "none");
  write("other");
  purpose.kind = report::CredentialKind::kAPIKey;
  reload(maker);
  EXPECT_EQ(in_use(), credential_fingerprint("other"));
  EXPECT_EQ(state(), "none");
}

TEST_F(KeeperFixture, SaysWhyItHasNothing) {
  PlainKeyMaker maker;
  start(maker);
  const auto none = keeper->take();
  EXPECT_EQ(none.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(none.error().message.find("/secret/key"), std::string::npos);
  EXPECT_EQ(keeper->in_use().since, std::nullopt);
  const int before = opened;
  change("here");
  EXPECT_GT(opened, before);
  EXPECT_EQ(next(), "here");
}

// A credential that is exchanged for a token.
struct TokenKeeper : KeeperFixture {
  TokenKeeper() {
    purpose.kind = report::CredentialKind::kOAuth;
    write("secret");
    start(maker);
  }
  // Answers the oldest pending request.
  void give(const std::string& token, std::optional<Duration> lifetime = seconds(3600)) {
    ASSERT_FALSE(maker.asked.empty());
    const auto done = std::move(maker.asked.front().second);
    maker.asked.pop_front();
    done(MadeKey{.key = {.values = {token}}, .lifetime = lifetime});
    scheduler.run_ready();
  }
  void refuse(ErrorKind kind, std::optional<Duration> retry_after = {}) {
    ASSERT_FALSE(maker.asked.empty());
    const auto done = std::move(maker.asked.front().second);
    maker.asked.pop_front();
    done(fail(Error{kind, "the endpoint says no", retry_after}));
    scheduler.run_ready();
  }
  // The time until the next request to the endpoint, at most a day.
  Duration quiet() {
    Duration waited{0};
    while (maker.asked.empty() && waited < std::chrono::hours(24)) {
      scheduler.run_for(seconds(1));
      waited += seconds(1);
    }
    return waited;
  }

  // Whether a token is fetched with that secret within the hour, while others are refused.
  bool refreshes(const std::string& secret) {
    const Duration end = clock.elapsed + seconds(3600);
    while (clock.elapsed < end) {
      quiet();
      if (maker.asked.at(0).first == secret) return true;
      refuse(ErrorKind::kDenied);
    }
    return false;
  }

  FakeMaker maker;
};

TEST_F(TokenKeeper, NeverWaitsForAToken) {
  EXPECT_EQ(missing(), ErrorKind::kUnavailable);
  EXPECT_EQ(maker.asked.size(), 1u);
  const int before = opened;
  give("token-1");
  EXPECT_GT(opened, before);
  EXPECT_EQ(next(), "token-1");
}

TEST_F(TokenKeeper, FetchesTheNextOneAheadAndUsesItAtOnce) {
  give("token-1");
  const Duration after = quiet();
  EXPECT_GE(after, seconds(1440));
  EXPECT_LE(after, seconds(3301));
  EXPECT_EQ(next(), "token-1");
  const KeyPointer under_way = last;
  const int before = opened;
  give("token-2");
  EXPECT_EQ(next(), "token-2");
  EXPECT_EQ(opened, before) << "nothing was closed";
  EXPECT_EQ(answer(under_way, kRefused), "token-2") << "it was in flight with the previous one";
}

TEST_F(TokenKeeper, AsksForOneTokenAtATime) {
  scheduler.run_for(minutes(30));
  EXPECT_EQ(maker.asked.size(), 1u);
  give("token-1");
  next();
  for (int i = 0; i < 10; ++i) answer(last, kRefused), next();
  EXPECT_EQ(maker.asked.size(), 1u);
}

TEST_F(TokenKeeper, FetchesARefusedTokenAnewOnceAtOnceAndThenRarely) {
  give("token-1");
  next();
  EXPECT_EQ(answer(last, kRefused), "");
  ASSERT_EQ(maker.asked.size(), 1u);
  const int before = opened;
  give("token-2");
  EXPECT_GT(opened, before) << "the paused lane tries it immediately";
  next();
  answer(last, kRefused);
  EXPECT_TRUE(maker.asked.empty());
  EXPECT_GE(quiet(), seconds(15));
  give("token-3");
  next();
  answer(last, kTaken);
  next();
  answer(last, kRefused);
  EXPECT_EQ(maker.asked.size(), 1u) << "the first time again";
}

TEST_F(TokenKeeper, TakesAMissingRightForAnEndingTokenOnlyNearItsEnd) {
  give("token-1");
  next();
  answer(last, kForbidden);
  EXPECT_TRUE(maker.asked.empty());
  next();
  answer(last, kTaken);
  quiet();
  refuse(ErrorKind::kUnavailable);
  while (clock.elapsed < std::chrono::hours(1) + seconds(3540)) {
    if (!maker.asked.empty()) refuse(ErrorKind::kUnavailable);
    scheduler.run_for(seconds(1));
  }
  if (!maker.asked.empty()) refuse(ErrorKind::kUnavailable);
  next();
  answer(last, kForbidden);
  EXPECT_EQ(maker.asked.size(), 1u);
}

TEST_F(TokenKeeper, KeepsATokenWhileTheEndpointIsDownAndSendsNoneThatHasEnded) {
  give("token-1", seconds(600));
  quiet();
  refuse(ErrorKind::kUnavailable);
  EXPECT_EQ(next(), "token-1");
  EXPECT_NE(keeper->in_use().why, "");
  for (int second = 0; second < 900; ++second) {
    if (!maker.asked.empty()) refuse(ErrorKind::kUnavailable);
    scheduler.run_for(seconds(1));
  }
  EXPECT_EQ(missing(), ErrorKind::kUnavailable);
  EXPECT_LE(quiet(), seconds(30)) << "requests wait";
  const int before = opened;
  give("token-2");
  EXPECT_GT(opened, before);
  EXPECT_EQ(next(), "token-2");
  EXPECT_EQ(keeper->in_use().why, "");
}

TEST_F(TokenKeeper, SaysThatTheEndpointRefusesTheSecretAndTriesAChangedOneAtOnce) {
  refuse(ErrorKind::kDenied);
  EXPECT_EQ(missing(), ErrorKind::kDenied);
  EXPECT_GE(quiet(), seconds(15));
  for (int i = 0; i < 10; ++i) {
    refuse(ErrorKind::kDenied);
    quiet();
  }
  refuse(ErrorKind::kDenied);
  EXPECT_GE(quiet(), seconds(150)) << "at growing intervals";
  refuse(ErrorKind::kDenied);
  change("new secret-is-not-possible");
  EXPECT_TRUE(maker.asked.empty()) << "it contains a space";
  change("new-secret");
  ASSERT_EQ(maker.asked.size(), 1u);
  EXPECT_EQ(maker.asked[0].first, "new-secret");
  give("token-1");
  EXPECT_EQ(next(), "token-1");
  answer(last, kTaken);
  EXPECT_EQ(in_use(), credential_fingerprint("new-secret"));
}

TEST_F(TokenKeeper, WaitsForAsLongAsTheEndpointAsks) {
  refuse(ErrorKind::kThrottled, minutes(10));
  const Duration waited = quiet();
  EXPECT_GE(waited, minutes(10));
  EXPECT_LE(waited, seconds(751)) << "and not all in the same second";
}

TEST_F(TokenKeeper, ProvesAChangedSecretByATokenCallAndThenByARequest) {
  give("token-1");
  change("new-secret");
  ASSERT_EQ(maker.asked.size(), 1u);
  EXPECT_EQ(maker.asked[0].first, "new-secret");
  EXPECT_EQ(next(), "token-1");
  give("token-of-new");
  EXPECT_EQ(next(), "token-of-new");
  const KeyPointer riding = last;
  EXPECT_EQ(next(), "token-1");
  answer(riding, kTaken);
  EXPECT_EQ(next(), "token-of-new");
  EXPECT_EQ(in_use(), credential_fingerprint("new-secret"));
  EXPECT_GE(quiet(), seconds(1400)) << "the old secret is no longer used";
  EXPECT_EQ(maker.asked.at(0).first, "new-secret");
}

TEST_F(TokenKeeper, KeepsTheOldSecretWhenTheEndpointRefusesTheNewOne) {
  give("token-1");
  change("bad-secret");
  refuse(ErrorKind::kDenied);
  EXPECT_EQ(state(), "Rejected");
  EXPECT_EQ(keeper->in_use().candidate->reason, "AuthRejected");
  EXPECT_EQ(keeper->in_use().candidate->why, "the endpoint says no");
  EXPECT_EQ(next(), "token-1");
  EXPECT_EQ(in_use(), credential_fingerprint("secret"));
  EXPECT_TRUE(refreshes("secret")) << "the old credential is still in use";
}

TEST_F(TokenKeeper, CountsATokenCallAsAUseOfTheSecret) {
  give("token-1");
  next();
  change("new-secret");
  give("token-of-new", std::nullopt);
  next();
  const KeyPointer riding = last;
  quiet();
  ASSERT_EQ(maker.asked.at(0).first, "secret");
  const WallTime asked = clock.wall();
  answer(riding, kTaken);
  EXPECT_LE(asked - *keeper->in_use().previous->last_used, seconds(1));
  clock.advance(seconds(3));
  give("token-2");
  EXPECT_EQ(keeper->in_use().previous->last_used, asked + seconds(3)) << "until the call ended";
  EXPECT_EQ(next(), "token-of-new");
}

TEST_F(TokenKeeper, TriesARefusedSecretSoonWhenTheOldOneIsRevoked) {
  give("token-1");
  change("bad-secret");
  for (int i = 0; i < 6; ++i) {
    refuse(ErrorKind::kDenied);
    quiet();
  }
  refuse(ErrorKind::kDenied);
  next();
  answer(last, kRefused);
  ASSERT_EQ(maker.asked.at(0).first, "secret") << "its token may have been outdated";
  refuse(ErrorKind::kDenied);
  scheduler.run_for(seconds(30));
  EXPECT_EQ(std::count_if(maker.asked.begin(), maker.asked.end(),
                          [](const auto& call) { return call.first == "bad-secret"; }),
            1);
}

TEST_F(TokenKeeper, TriesASecretAtOnceThatIsPutBack) {
  for (int i = 0; i < 6; ++i) {
    refuse(ErrorKind::kDenied);
    quiet();
  }
  refuse(ErrorKind::kDenied);
  change("other-secret");
  refuse(ErrorKind::kDenied);
  change("secret");
  ASSERT_EQ(maker.asked.size(), 1u);
  EXPECT_EQ(maker.asked[0].first, "secret");
  refuse(ErrorKind::kDenied);
  ASSERT_TRUE(files.remove("/secret/key"));
  scheduler.run_for(seconds(10));
  EXPECT_TRUE(maker.asked.empty());
  change("secret");
  EXPECT_EQ(maker.asked.size(), 1u) << "a Secret that was deleted and recreated";
}

TEST_F(TokenKeeper, DoesNotBlameASecretForAPageInPlaceOfTheEndpoint) {
  give("token-1");
  change("new-secret");
  refuse(ErrorKind::kInvalid);
  EXPECT_EQ(state(), "Proving");
  EXPECT_EQ(keeper->in_use().candidate->reason, "Misconfigured");
  EXPECT_EQ(keeper->in_use().candidate->why, "the endpoint says no");
  quiet();
  refuse(ErrorKind::kDenied);
  EXPECT_EQ(state(), "Rejected");
  quiet();
  refuse(ErrorKind::kInvalid);
  EXPECT_EQ(state(), "Rejected") << "the last verdict stands";
  EXPECT_EQ(keeper->in_use().candidate->reason, "AuthRejected");
  change("newer-secret");
  refuse(ErrorKind::kInvalid);
  quiet();
  give("token-of-newer");
  EXPECT_EQ(state(), "Proving");
  EXPECT_EQ(keeper->in_use().candidate->reason, "");
  EXPECT_EQ(keeper->in_use().candidate->why, "");
}

TEST_F(TokenKeeper, DoesNotAskEverySecondForTokensOfASecond) {
  for (int i = 0; i < 10; ++i) {
    give("token", seconds(1));
    EXPECT_GE(quiet(), seconds(5));
  }
}

TEST_F(TokenKeeper, GoesOnWithItsTokenAfterAReloadAndRefreshesIt) {
  give("token-1");
  change("bad-secret");
  refuse(ErrorKind::kDenied);
  reload(maker);
  EXPECT_EQ(next(), "token-1");
  ASSERT_EQ(maker.asked.size(), 1u);
  EXPECT_EQ(maker.asked[0].first, "bad-secret") << "it is tried again";
  refuse(ErrorKind::kDenied);
  EXPECT_TRUE(refreshes("secret"));
  EXPECT_EQ(next(), "token-1") << "it has not expired yet";
}

TEST_F(TokenKeeper, FetchesATokenForAnotherScopeWithTheSecretInUse) {
  give("token-1");
  change("bad-secret");
  refuse(ErrorKind::kDenied);
  purpose.scope = "another table";
  reload(maker);
  EXPECT_EQ(missing(), ErrorKind::kUnavailable) << "the old token is not valid for that table";
  ASSERT_EQ(maker.asked.size(), 2u);
  EXPECT_EQ(maker.asked[0].first, "bad-secret");
  EXPECT_EQ(maker.asked[1].first, "secret");
  refuse(ErrorKind::kDenied);
  give("token-2");
  EXPECT_EQ(next(), "token-2");
  EXPECT_EQ(state(), "Rejected");
}

TEST_F(TokenKeeper, DoesNotBlameASecretForAnEndpointThatIsDown) {
  give("token-1");
  change("new-secret");
  refuse(ErrorKind::kUnavailable);
  EXPECT_EQ(state(), "Proving");
  EXPECT_LE(quiet(), minutes(5));
}

TEST_F(KeeperFixture, LetsTheKubeletRenewAProjectedTokenUnnoticed) {
  FakeMaker maker;
  write(projected_token(1'700'003'600, 1));
  start(maker, check_projected_token, CredentialPart::kProjectedToken);
  maker.asked.at(0).second(MadeKey{.key = {.values = {"token-1"}}, .lifetime = seconds(3000)});
  maker.asked.clear();
  scheduler.run_ready();
  const std::string before = in_use();
  change(projected_token(1'700'007'200, 2));
  EXPECT_EQ(state(), "none");
  EXPECT_EQ(in_use(), before);
  EXPECT_TRUE(maker.asked.empty());
  EXPECT_EQ(next(), "token-1");
  while (maker.asked.empty()) scheduler.run_for(seconds(10));
  EXPECT_EQ(maker.asked[0].first, projected_token(1'700'007'200, 2)) << "for the next exchange";
  maker.asked[0].second(fail(ErrorKind::kDenied, "the policy is gone"));
  maker.asked.clear();
  scheduler.run_ready();
  change(projected_token(1'700'010'800, 3));
  EXPECT_EQ(maker.asked.size(), 1u) << "after a refusal, a new one is tried immediately";
  EXPECT_EQ(keeper->in_use().identity->issuer, "https://issuer");
}

}  // namespace
}  // namespace dualtrace::agent
