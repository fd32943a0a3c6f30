// Whether a commit shares the messages that it tells of with the batch that they came in.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

class SharedCommitTest : public StoreFixture {
 protected:
  void SetUp() override {
    StoreOptions options = Options(folder());
    options.on_commit = [this](std::shared_ptr<const Commit> commit) {
      commit_ = std::move(commit);
    };
    auto store = SqlcipherStore::Open(std::move(options));
    ASSERT_TRUE(store);
    store_ = *std::move(store);
  }

  // A page of messages 1 to `count`, of which `edited` have a higher revision.
  void Apply(Sequence count, const std::vector<Sequence>& edited = {}) {
    ApplyHistory page{ConversationId("c"), {}, 1, count, 1, count};
    for (Sequence sequence = 1; sequence <= count; ++sequence)
      page.messages.push_back(TestMessage("c", sequence, "some words"));
    for (const Sequence sequence : edited) page.messages.at(sequence - 1).revision = 9;
    Batch batch;
    batch.operations.push_back(std::move(page));
    ASSERT_TRUE(ApplyNow(*store_, std::move(batch)));
  }

  // The first two of the commit lie beside each other: in the page that they came in.
  [[nodiscard]] bool IsShared() const { return &commit_->messages[1] == &commit_->messages[0] + 1; }

  std::unique_ptr<SqlcipherStore> store_;
  std::shared_ptr<const Commit> commit_;
};

TEST_F(SharedCommitTest, WhatASyncBringsIsNotCopied) {
  Apply(10);
  ASSERT_EQ(commit_->messages.size(), 10U);
  EXPECT_TRUE(IsShared());
}

TEST_F(SharedCommitTest, APageIsNotKeptForTheLittleOfItThatIsNews) {
  Apply(10);
  Apply(10, {3, 4});
  ASSERT_EQ(commit_->messages.size(), 2U);
  EXPECT_EQ(commit_->messages[0].sequence, 3U);
  EXPECT_FALSE(IsShared());
}

TEST_F(SharedCommitTest, APageThatIsNewsForTheMostPartIsNotCopied) {
  Apply(4);
  Apply(4, {1, 2, 4});
  ASSERT_EQ(commit_->messages.size(), 3U);
  EXPECT_TRUE(IsShared());
}

}  // namespace
}  // namespace hark::store
