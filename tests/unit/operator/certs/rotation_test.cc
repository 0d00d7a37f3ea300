// SPDX-License-Identifier: Apache-2.0
#include "operator/certs/rotation.h"

#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Step = RotationStep;

constexpr Duration kDay = hours(24);
const WallTime kBegin{std::chrono::seconds(1'800'000'000)};
const RotationRules kRules{};

Certificate certificate(const std::string& name, Duration made, Duration life) {
  return {.pem = name,
          .fingerprint = name,
          .not_before = kBegin + made - kBackdating,
          .not_after = kBegin + made + life};
}

Authority authority(const std::string& name, Duration made) {
  return {certificate(name, made, kRules.authority_life), "key"};
}

Leaf leaf(const std::string& issuer, Duration made) {
  return {certificate("leaf", made, kRules.leaf_life), "key", issuer};
}

// The steady state: everything has been in order for a long time.
RotationFacts facts_at(Duration when) {
  RotationFacts facts{.now = kBegin + when, .tick = Tick(kDay + when), .authorities = {}};
  facts.authorities.current = authority("one", Duration(0));
  facts.leaf = leaf("one", when);
  facts.called = true;
  facts.trusted_since = {{"one", Tick()}};
  return facts;
}

TEST(Rotation, HasNothingToDoWhenAllIsWell) {
  EXPECT_EQ(next_step(facts_at(hours(1)), kRules), Step::kNone);
}

TEST(Rotation, BeginsWithAnAuthorityThenTrustThenALeaf) {
  RotationFacts facts{.now = kBegin, .tick = Tick(), .authorities = {}};
  facts.called = true;
  EXPECT_EQ(next_step(facts, kRules), Step::kReplaceAuthorities);
  facts.authorities = replaced(authority("one", Duration(0)), {}, kBegin, kRules);
  facts.published = false;
  EXPECT_EQ(next_step(facts, kRules), Step::kPublish);
  facts.published = true;
  facts.trusted_since = {{"one", Tick()}};
  EXPECT_EQ(next_step(facts, kRules), Step::kIssueLeaf);
}

TEST(Rotation, RenewsALeafAfterTwoThirdsOfItsLife) {
  RotationFacts facts = facts_at(kDay * 5);
  facts.leaf = leaf("one", minutes(1) + kDay / 3);  // in a minute it is 4 2/3 days old
  EXPECT_EQ(next_step(facts, kRules), Step::kNone);
  facts.leaf = leaf("one", kDay / 3);
  EXPECT_EQ(next_step(facts, kRules), Step::kIssueLeaf);
}

TEST(Rotation, AddsTheNextAuthorityAfterTwoThirdsOfTheFirstsLife) {
  EXPECT_EQ(next_step(facts_at(kDay * 243), kRules), Step::kNone);
  EXPECT_EQ(next_step(facts_at(kDay * 244), kRules), Step::kAddNext);
}

TEST(Rotation, PromotesTheNextOnlyWhenAllHaveTrustedItForLongEnough) {
  RotationFacts facts = facts_at(kDay * 244);
  facts.authorities.next = authority("two", kDay * 244);
  facts.published = false;
  EXPECT_EQ(next_step(facts, kRules), Step::kPublish);
  facts.published = true;
  facts.trusted_since["two"] = facts.tick - kRules.settling + minutes(1);
  EXPECT_EQ(next_step(facts, kRules), Step::kNone);
  facts.trusted_since["two"] = facts.tick - kRules.settling;
  EXPECT_EQ(next_step(facts, kRules), Step::kPromoteNext);

  facts.authorities = promoted(facts.authorities, facts.now, kRules);
  EXPECT_EQ(facts.authorities.current->certificate.fingerprint, "two");
  EXPECT_FALSE(facts.authorities.next);
  EXPECT_EQ(facts.authorities.previous.at(0).fingerprint, "one");
  EXPECT_EQ(next_step(facts, kRules), Step::kIssueLeaf);
}

TEST(Rotation, DropsWhatHasSignedWhenNoLeafCanBeLeft) {
  RotationFacts facts = facts_at(kDay * 244);
  facts.authorities.next = authority("two", kDay * 244);
  facts.authorities = promoted(facts.authorities, facts.now, kRules);
  facts.leaf = leaf("two", kDay * 244);
  facts.trusted_since["two"] = Tick();
  facts.now += kRules.leaf_life;
  facts.leaf = leaf("two", kDay * 251);
  EXPECT_EQ(next_step(facts, kRules), Step::kNone);
  facts.now += kRules.leaf_life;
  EXPECT_EQ(next_step(facts, kRules), Step::kDropPrevious);
  EXPECT_TRUE(without_previous(facts.authorities, facts.now).previous.empty());
}

TEST(Rotation, WithALostSecretKeepsTheOldTrustedUntilTheNewOneIs) {
  RotationFacts facts = facts_at(kDay);
  const std::vector<Certificate> known = facts.authorities.trusted();
  facts.authorities = {};
  EXPECT_EQ(next_step(facts, kRules), Step::kReplaceAuthorities);
  facts.authorities = replaced(authority("two", kDay), known, facts.now, kRules);
  EXPECT_EQ(facts.authorities.previous, known);
  facts.trusted_since["two"] = facts.tick;
  EXPECT_EQ(next_step(facts, kRules), Step::kNone);
  facts.tick += kRules.settling;
  EXPECT_EQ(next_step(facts, kRules), Step::kIssueLeaf);
  facts.tick -= kRules.settling;
  facts.trusted_since.erase("one");  // nobody trusts the old one, so there is no reason to wait
  EXPECT_EQ(next_step(facts, kRules), Step::kIssueLeaf);
}

TEST(Rotation, TakesTheNextInThePlaceOfOneThatCannotSign) {
  RotationFacts facts = facts_at(kDay);
  facts.authorities.current.reset();
  facts.authorities.next = authority("two", Duration(0));
  EXPECT_EQ(next_step(facts, kRules), Step::kPromoteNext);
  EXPECT_TRUE(promoted(facts.authorities, facts.now, kRules).previous.empty());
}

TEST(Rotation, OfAnAuthorityThatHasExpiredOrIsNotValidYetIsAReplacement) {
  EXPECT_EQ(next_step(facts_at(kDay * 365), kRules), Step::kReplaceAuthorities);
  EXPECT_EQ(next_step(facts_at(-minutes(6)), kRules), Step::kReplaceAuthorities);
}

TEST(Rotation, WaitsForNobodyWhenNobodyCalls) {
  RotationFacts facts = facts_at(kDay * 244);
  facts.called = false;
  facts.trusted_since.clear();
  facts.authorities.next = authority("two", kDay * 244);
  EXPECT_EQ(next_step(facts, kRules), Step::kPromoteNext);
}

TEST(Rotation, LeavesAFewBehindAtMostAndEachOnce) {
  std::vector<Certificate> known;
  for (int i = 0; i < 9; ++i) known.push_back(certificate(std::to_string(i), kDay, kDay * 9));
  known.push_back(known.back());
  known.push_back(certificate("old", Duration(0), kDay));
  const auto made = replaced(authority("new", kDay), known, kBegin + kDay * 2, kRules);
  std::string names;
  for (const Certificate& one : made.previous) names += one.fingerprint;
  EXPECT_EQ(names, "5678");
}

}  // namespace
}  // namespace dualtrace::ctl
