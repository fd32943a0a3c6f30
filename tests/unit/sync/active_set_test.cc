#include "daemon/sync/active_set.h"

#include <string>

#include <gtest/gtest.h>

namespace hark::sync {
namespace {

TEST(ActiveSet, TouchedConversationComesFirst) {
  ActiveSet set({ConversationId("a"), ConversationId("b")});
  EXPECT_FALSE(set.Touch(ConversationId("b")).added);
  EXPECT_EQ(set.ids().front(), ConversationId("b"));
  EXPECT_TRUE(set.Touch(ConversationId("c")).added);
  EXPECT_EQ(set.ids().size(), 3U);
}

TEST(ActiveSet, LeastRecentlyOpenedIsLetGoAtTheLimit) {
  ActiveSet set;
  for (std::size_t i = 0; i < limits::kActiveConversations; ++i) {
    EXPECT_FALSE(set.Touch(ConversationId(std::to_string(i))).let_go);
  }
  const ActiveSet::Change change = set.Touch(ConversationId("one more"));
  EXPECT_EQ(change.let_go, ConversationId("0"));
  EXPECT_FALSE(set.Contains(ConversationId("0")));
  EXPECT_EQ(set.ids().size(), limits::kActiveConversations);
}

}  // namespace
}  // namespace hark::sync
