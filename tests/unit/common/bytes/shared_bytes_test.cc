// SPDX-License-Identifier: Apache-2.0
#include "common/bytes/shared_bytes.h"

#include <gtest/gtest.h>

namespace dualtrace {
namespace {

TEST(SharedBytes, AreFreedByTheLastHolder) {
  SharedBytes first(std::string(1000, 'x'));
  const SharedBytes second = first;
  EXPECT_EQ(second.data(), first.data());
  first = {};
  EXPECT_EQ(second, std::string(1000, 'x'));
  EXPECT_TRUE(first.empty());
}

TEST(SharedBytes, EqualOnesAreNotTheSame) {
  const SharedBytes one(std::string("same"));
  const SharedBytes other(std::string("same"));
  EXPECT_EQ(one, other);
  EXPECT_FALSE(one.is(other));
  EXPECT_TRUE(SharedBytes(one).is(one));
}

TEST(SharedByteChain, ReadsAsOneAndCopiesNothing) {
  const SharedBytes a(std::string(1000, 'a'));
  const SharedBytes b(std::string("bc"));
  SharedByteChain chain(a);
  chain.append({});
  chain.append(b);
  EXPECT_EQ(chain.size(), 1002u);
  EXPECT_EQ(chain.joined(), std::string(1000, 'a') + "bc");
  ASSERT_EQ(chain.parts().size(), 2u);
  EXPECT_EQ(chain.parts()[0].data(), a.data());
  EXPECT_EQ(chain.parts()[1].data(), b.data());
}

TEST(SharedByteChain, IsTheSameOnlyWithTheSameParts) {
  const SharedBytes a(std::string("a"));
  const SharedBytes b(std::string("b"));
  SharedByteChain ab(a);
  ab.append(b);
  SharedByteChain again(a);
  EXPECT_FALSE(again.is(ab));
  again.append(b);
  EXPECT_TRUE(again.is(ab));
  EXPECT_FALSE(SharedByteChain(std::string("ab")).is(ab));
}

}  // namespace
}  // namespace dualtrace
