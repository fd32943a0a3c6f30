// A store put back to a copy of itself, also when the process is killed on the way.

#include "daemon/store/restore.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "daemon/store/connection.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

class RestoreTest : public StoreFixture {
 protected:
  // A message and a send, copied as a backup does; then one more of each.
  void SetUp() override {
    const auto store = Open(folder());
    ASSERT_TRUE(
        ApplyNow(*store, {{TestSummary("A", 1), ApplyMessage{TestMessage("A", 1, "one")}}}));
    Message message = TestMessage("A", 0, "old send");
    message.id = MessageId("old");
    ASSERT_TRUE(SendNow(*store, message));
    fs::create_directories(copy_);
    ASSERT_TRUE(store->CopyFiles(copy_, cache_copy_key_, authored_copy_key_, not_cancelled_));
    ASSERT_TRUE(ApplyNow(*store, {{ApplyMessage{TestMessage("A", 2, "two")}}}));
    message.id = MessageId("new");
    ASSERT_TRUE(SendNow(*store, message));
    id_ = store->StoreId();
    revision_ = store->CurrentRevision();
  }

  [[nodiscard]] Result<StagedRestore> Stage() { return Stage(copy_); }
  [[nodiscard]] Result<StagedRestore> Stage(const fs::path& copy) {
    return StageRestore(
        files_, {copy / "cache.db", copy / "authored.db", {cache_copy_key_, authored_copy_key_}},
        {cache_key_, authored_key_});
  }
  static constexpr int kKilled = 9;
  // In a process of its own that ends at that step: kKilled. 0: there are not so many, it is done.
  [[nodiscard]] int TakeUntilKilledAt(int step) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto done = Take([&step] {
        if (--step == 0) ::_exit(kKilled);
      });
      ::_exit(done ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // After something more was done.
  [[nodiscard]] fs::path CopyOfNow(const std::function<void(SqlcipherStore&)>& after) {
    after(*Open(folder()));
    const auto store = Open(folder());  // Closing removed what has been acknowledged.
    fs::path copy = temporary().path() / "later";
    fs::create_directories(copy);
    EXPECT_TRUE(store->CopyFiles(copy, cache_copy_key_, authored_copy_key_, not_cancelled_));
    return copy;
  }
  // By going to this copy.
  [[nodiscard]] LostAuthored LostBy(const fs::path& copy) {
    const auto staged = Stage(copy);
    const auto lost = CountLostByRestore(files_, *staged,
                                         *ReadAuthored(authored_file(), authored_key_), cache_key_);
    EXPECT_TRUE(lost);
    return lost ? *lost : LostAuthored{999, 999};
  }
  [[nodiscard]] Result<fs::path> Take(const AtPoint& at = [] {}) {
    const auto present = ReadAuthored(authored_file(), authored_key_);
    return TakeRestored(files_, authored_key_, present ? present->generation : 0, WallTime{}, at);
  }

  static bool HasNew(SqlcipherStore& store) {
    const bool message = store.ReadMessage(MessageId("A/2")).has_value();
    EXPECT_EQ(store.ReadMessage(MessageId("new")).has_value(), message) << "one file is of each";
    EXPECT_TRUE(store.ReadMessage(MessageId("old")));
    EXPECT_TRUE(store.ReadMessage(MessageId("A/1")));
    return message;
  }

  const StoreFiles files_{folder()};
  const fs::path copy_ = temporary().path() / "copy";
  const Secret cache_key_{std::string(kCacheKey)};
  const Secret authored_key_{std::string(kAuthoredKey)};
  const Secret cache_copy_key_{std::string(32, '\x44')};
  const Secret authored_copy_key_{std::string(32, '\x55')};
  const std::atomic<bool> not_cancelled_ = false;
  std::string id_;
  LocalRevision revision_ = 0;
};

TEST_F(RestoreTest, AStageThatIsToldToStopLeavesNothingAtAnyPoint) {
  const auto before = ReadFolder(folder());
  int asked = 0;
  for (int limit = 1;; ++limit) {
    asked = 0;
    const auto staged = StageRestore(
        files_, {copy_ / "cache.db", copy_ / "authored.db", {cache_copy_key_, authored_copy_key_}},
        {cache_key_, authored_key_}, [&] { return ++asked >= limit; });
    if (staged) break;
    EXPECT_EQ(staged.error().code, ErrorCode::kCancelled);
    EXPECT_TRUE(ReadFolder(folder()) == before);
  }
  EXPECT_GE(asked, 4);
}

TEST_F(RestoreTest, TheCopyIsInPlaceAndWhatWasThereIsAside) {
  const std::string present = test::ReadBytes(authored_file());
  const auto staged = Stage();
  ASSERT_TRUE(staged) << staged.error().message;
  EXPECT_EQ(staged->conversations, 1U);
  EXPECT_EQ(staged->messages, 1U);
  EXPECT_EQ(staged->authored.entries.size(), 1U);
  EXPECT_EQ(test::ReadBytes(authored_file()), present) << "staging changed the store";
  const auto lost = CountLost(*ReadAuthored(authored_file(), authored_key_), staged->authored);
  EXPECT_EQ(lost.entries, 1U);
  EXPECT_EQ(TextOf(lost), "1 unsent entry and 0 drafts");
  const auto aside = Take();
  ASSERT_TRUE(aside) << aside.error().message;
  EXPECT_EQ(test::ReadBytes(*aside / "authored.db"), present);
  EXPECT_FALSE(fs::exists(folder() / "restoring"));
  const auto store = Open(folder());
  EXPECT_FALSE(store->LastRepair().any());
  EXPECT_FALSE(HasNew(*store));
  EXPECT_NE(store->StoreId(), id_);
  EXPECT_GT(store->CurrentRevision(), revision_);
}

// Regression: back at an earlier copy, going on to a later one was refused because of what had been
// delivered in between.
TEST_F(RestoreTest, ASendThatTheCopyHasAsDeliveredIsNotLost) {
  const fs::path later = CopyOfNow([](SqlcipherStore& store) {
    ASSERT_TRUE(ApplyNow(store, {{AcknowledgeSend{MessageId("old"), "", 3, 1}}}));
  });
  ASSERT_TRUE(Stage());
  ASSERT_TRUE(Take());
  EXPECT_EQ(Stage(later).value().authored.entries.size(), 1U) << "only the new one waits there";
  EXPECT_EQ(LostBy(later).entries, 0U);
}

// Regression: a store that was put back counts positions from there again, so what was written
// since had the position of something else in the later copy, and was not missed.
TEST_F(RestoreTest, WhatWasWrittenAfterARestoreIsNotTakenForWhatTheLaterCopyHas) {
  const fs::path later = CopyOfNow([](SqlcipherStore&) {});
  ASSERT_TRUE(Stage());
  ASSERT_TRUE(Take());
  {
    const auto store = Open(folder());
    Message message = TestMessage("A", 0, "written since");
    message.id = MessageId("since");
    ASSERT_TRUE(SendNow(*store, message));
  }
  EXPECT_EQ(LostBy(later).entries, 1U);
}

// Regression: what had been rewritten where it was, a send or an edit that waits, was taken for
// what the copy has of it: the restore put back and sent what the user had replaced, and nobody was
// told.
TEST_F(RestoreTest, ASendAndAnEditThatWereRewrittenSinceAreLost) {
  const MessageId old("old");
  const fs::path earlier = CopyOfNow([&](SqlcipherStore& store) {
    const auto send = store.ReadOutbox();
    ASSERT_TRUE(send);
    ASSERT_TRUE(ApplyNow(store, {{MarkSending{{send->entries.at(0).position}}}}));
    ASSERT_TRUE(ActNow(store, {ConversationId("A"), old, EditMessage{"an edit"}}));
  });
  EXPECT_EQ(LostBy(earlier).entries, 0U);
  const auto edit = [&](const char* id, const char* content) {
    const auto store = Open(folder());
    EXPECT_TRUE(ActNow(*store, {ConversationId("A"), MessageId(id), EditMessage{content}}));
  };
  edit("new", "a better send");
  EXPECT_EQ(LostBy(earlier).entries, 1U);
  edit("old", "a better edit");
  EXPECT_EQ(LostBy(earlier).entries, 2U);
}

TEST_F(RestoreTest, WhatIsUnsentIsTheSameOfAnOpenStoreAndOfItsFile) {
  AuthoredState open;
  {
    const auto store = Open(folder());
    ASSERT_TRUE(ActNow(*store, {ConversationId("A"), MessageId("new"), EditMessage{"better"}}));
    ASSERT_TRUE(ActNow(*store, {ConversationId("A"), MessageId("old"), EditMessage{"an edit"}}));
    Message message = TestMessage("A", 0, "arrives");
    message.id = MessageId("arrived");
    ASSERT_TRUE(SendNow(*store, message));
    ASSERT_TRUE(ApplyNow(*store, {{AcknowledgeSend{message.id, "", 9, 1}}}));
    const auto unsent = store->ReadUnsent();
    ASSERT_TRUE(unsent) << unsent.error().message;
    open = *unsent;
  }
  EXPECT_EQ(open.entries.size(), 2U);
  const auto closed = ReadAuthored(authored_file(), authored_key_);
  ASSERT_TRUE(closed);
  EXPECT_EQ(open.entries, closed->entries);
}

TEST_F(RestoreTest, AStageThatIsNotTakenIsDropped) {
  ASSERT_TRUE(Stage());
  ASSERT_TRUE(FinishRestore(files_));
  EXPECT_FALSE(fs::exists(folder() / "restoring"));
  const auto store = Open(folder());
  EXPECT_TRUE(HasNew(*store));
  EXPECT_EQ(store->StoreId(), id_);
}

TEST_F(RestoreTest, DamagedMixedAndNewerCopiesAreRefused) {
  const auto before = ReadFolder(folder());
  std::string bytes = test::ReadBytes(copy_ / "cache.db");
  const std::string good = bytes;
  bytes[bytes.size() - 100] ^= 1;
  test::WriteBytes(copy_ / "cache.db", bytes);
  EXPECT_EQ(Stage().error().code, ErrorCode::kCorrupt);
  test::WriteBytes(copy_ / "cache.db", good.substr(0, good.size() - 4096));
  EXPECT_FALSE(Stage());
  test::WriteBytes(copy_ / "cache.db", good);
  {
    Connection newer(copy_ / "authored.db", authored_copy_key_, Access::kWrite,
                     Durability::kAuthored);
    newer.Execute("PRAGMA user_version = 1000");
    ASSERT_TRUE(newer.CheckpointAndTruncate());
  }
  EXPECT_EQ(Stage().error().code, ErrorCode::kConflict);
  {
    Connection other(copy_ / "authored.db", authored_copy_key_, Access::kWrite,
                     Durability::kAuthored);
    other.Execute("PRAGMA user_version = 1; UPDATE store_info SET store_id = 'another'");
    ASSERT_TRUE(other.CheckpointAndTruncate());
  }
  EXPECT_EQ(Stage().error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(ReadFolder(folder()) == before);
}

// Killed at the first step, then at the second, … until it gets through. Each time both files are
// of before or both are of the copy, once the store is opened.
TEST_F(RestoreTest, KilledAtEveryStep) {
  ASSERT_TRUE(Stage());
  const fs::path kept = temporary().path() / "kept";
  fs::copy(folder(), kept, fs::copy_options::recursive);
  int steps = 0;
  bool back = false;
  for (int limit = 1;; ++limit) {
    SCOPED_TRACE(limit);
    fs::remove_all(folder());
    fs::copy(kept, folder(), fs::copy_options::recursive);
    const int code = TakeUntilKilledAt(limit);
    ASSERT_TRUE(FinishRestore(files_));
    {
      const auto store = Open(folder());
      EXPECT_FALSE(store->LastRepair().any());
      const bool is_back = !HasNew(*store);
      EXPECT_TRUE(is_back || !back) << "it went on and back again";
      EXPECT_EQ(store->StoreId() != id_, is_back);
      back = is_back;
    }
    EXPECT_FALSE(fs::exists(folder() / "restoring"));
    steps = limit;
    if (code == 0) break;
    ASSERT_EQ(code, kKilled);
  }
  EXPECT_GT(steps, 7);
  EXPECT_TRUE(back);
}

// Regression: who restored again after a kill removed the files that were on their way.
TEST_F(RestoreTest, StagingAgainFinishesWhatWasBeingTaken) {
  for (int limit = 1;; ++limit) {
    SCOPED_TRACE(limit);
    ASSERT_TRUE(Stage());
    const int code = TakeUntilKilledAt(limit);
    EXPECT_FALSE(Stage(folder() / "none"));
    const auto store = Open(folder());
    EXPECT_FALSE(store->LastRepair().any());
    (void)HasNew(*store);
    if (code == 0) break;
    ASSERT_EQ(code, kKilled);
  }
}

}  // namespace
}  // namespace hark::store
