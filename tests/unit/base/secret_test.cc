#include "daemon/base/secret.h"

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

TEST(Secret, MovingLeavesNothingBehind) {
  Secret from(std::string("short"));
  const char* where = from.bytes().data();
  const Secret to = std::move(from);
  EXPECT_EQ(to.bytes(), "short");
  EXPECT_EQ(where[0], '\0');
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
