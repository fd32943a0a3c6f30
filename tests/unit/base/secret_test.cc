#include "daemon/base/secret.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

namespace hark {
namespace {

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);

TEST(Secret, WipesTheStringItCameFrom) {
  std::string source = "short";  // lives inside the object: a move would leave it there
  const char* where = source.data();
  const Secret secret(std::move(source));
  EXPECT_EQ(secret.bytes(), "short");
  EXPECT_EQ(where[0], '\0');
}

TEST(Secret, WipesWhatTheStringHeldBefore) {
  std::string source(100, 'k');
  source.resize(3);
  const char* const where = source.data();
  const std::size_t held = source.capacity();
  const Secret secret(std::move(source));
  EXPECT_EQ(secret.bytes(), "kkk");
  EXPECT_EQ(std::count(where, where + held, 'k'), 0);
}

TEST(Secret, MovingLeavesNothingBehind) {
  Secret from(std::string("short"));
  const char* const where = from.bytes().data();
  const Secret to = std::move(from);
  EXPECT_EQ(to.bytes(), "short");
  EXPECT_EQ(to.bytes().data(), where);  // The only copy.
}

TEST(Secret, IsKeptOnLockedPages) {
  EXPECT_TRUE(Secret(std::string("short")).locked());
  EXPECT_TRUE(Secret::Random(32).locked());
}

TEST(Secret, RandomSecretsDiffer) {
  const Secret one = Secret::Random(32);
  const Secret other = Secret::Random(32);
  EXPECT_EQ(one.bytes().size(), 32U);
  EXPECT_FALSE(one.Equals(other.bytes()));
  EXPECT_TRUE(one.Equals(one.Clone().bytes()));
  EXPECT_FALSE(one.Equals(one.bytes().substr(1)));
}

}  // namespace
}  // namespace hark
