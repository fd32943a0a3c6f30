// What a crash leaves: the files as they are while the store is open, opened elsewhere.

#include <chrono>
#include <filesystem>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

class CrashTest : public StoreFixture {
 protected:
  // As if the process had been killed now.
  fs::path Kill() {
    const fs::path copy = temporary().path() / ("killed-" + std::to_string(++kills_));
    fs::copy(folder(), copy, fs::copy_options::recursive);
    return copy;
  }

  // Takes the newest commits of cache.db away, as a power loss does.
  static void LoseCacheTail(const fs::path& copy) { fs::remove(copy / "cache.db-wal"); }

 private:
  int kills_ = 0;
};

TEST_F(CrashTest, AnsweredSendSurvives) {
  const auto store = Open(folder());
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0)}}));
  ASSERT_TRUE(SendNow(*store, TestMessage("A", 0, "text")));
  const auto again = Open(Kill());
  ASSERT_EQ(again->ReadOutbox()->entries.size(), 1U);
  EXPECT_EQ(again->ReadPage({ConversationId("A"), std::nullopt, 50})->messages.size(), 1U);
  EXPECT_GT(again->CurrentRevision(), store->CurrentRevision());
}

TEST_F(CrashTest, SendOutlivesAConversationThatWasLost) {
  const auto store = Open(folder());
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0)}}));
  ASSERT_TRUE(SendNow(*store, TestMessage("A", 0, "text")));
  const fs::path copy = Kill();
  LoseCacheTail(copy);
  const auto again = Open(copy);
  EXPECT_EQ(again->ReadOutbox()->entries.size(), 1U);
  const auto conversation = again->GetConversation(ConversationId("A"));
  ASSERT_TRUE(conversation);
  EXPECT_EQ(conversation->pending_count, 1U);
  EXPECT_EQ(conversation->preview, "text");
  EXPECT_EQ(again->ReadPage({ConversationId("A"), std::nullopt, 50})->messages.size(), 1U);
  EXPECT_GT(again->CurrentRevision(), store->CurrentRevision());
}

TEST_F(CrashTest, AcknowledgedSendIsInTheCacheBeforeItLeavesTheOutbox) {
  const auto store = Open(folder());
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0)}}));
  const Message message = TestMessage("A", 0, "text");
  ASSERT_TRUE(SendNow(*store, message));
  const fs::path before = Kill();
  ASSERT_TRUE(ApplyNow(*store, {{AcknowledgeSend{message.id, "", 1, 1}}}));
  const fs::path after = Kill();
  // Killed between the two commits: cache.db after, authored.db before.
  for (const char* name : {"authored.db", "authored.db-wal"}) {
    fs::copy_file(before / name, after / name, fs::copy_options::overwrite_existing);
  }
  fs::remove(after / "authored.db-shm");
  const auto again = Open(after);
  EXPECT_TRUE(again->ReadOutbox()->entries.empty());
  const auto page = again->ReadPage({ConversationId("A"), std::nullopt, 50});
  ASSERT_EQ(page->messages.size(), 1U);
  EXPECT_EQ(page->messages[0].delivery, Delivery::kSent);
  EXPECT_EQ(page->total_count, 1U);
  EXPECT_EQ(again->GetConversation(ConversationId("A"))->pending_count, 0U);
}

// Killed between the two commits, where a kill during sends nearly always falls: the first one
// waits for the disk.
TEST_F(CrashTest, WatcherIsToldOfASendThatOnlyOneFileGot) {
  const auto store = Open(folder());
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0)}}));
  ASSERT_TRUE(SendNow(*store, TestMessage("A", 0, "seen")));
  ASSERT_TRUE(ApplyNow(*store, {}));  // The send is answered before cache.db has it.
  const LocalRevision since = store->CurrentRevision();
  const fs::path before = Kill();
  Message message = TestMessage("A", 0, "not announced");
  message.id = MessageId("another");
  ASSERT_TRUE(SendNow(*store, message));
  const fs::path after = Kill();
  for (const char* name : {"cache.db", "cache.db-wal"}) {
    fs::copy_file(before / name, after / name, fs::copy_options::overwrite_existing);
  }
  fs::remove(after / "cache.db-shm");
  const auto again = Open(after);
  const auto page = again->ReadChanges({since, ConversationId("A"), true});
  ASSERT_TRUE(page && *page) << "the log goes on";
  ASSERT_EQ((*page)->changes.messages.size(), 1U);
  EXPECT_EQ((*page)->changes.messages[0].id, message.id);
  EXPECT_TRUE((*page)->complete);
}

TEST_F(CrashTest, ReadMarkerSurvivesTheLossOfTheCachesTail) {
  {
    const auto store = Open(folder());
    Batch batch;
    for (Sequence i = 1; i <= 4; ++i)
      batch.operations.emplace_back(ApplyMessage{TestMessage("A", i, "text")});
    ASSERT_TRUE(ApplyNow(*store, batch));
  }
  const auto store = Open(folder());
  std::promise<void> done;
  store->MarkRead({ConversationId("A"), std::nullopt},
                  [&done](const Result<Conversation>&) { done.set_value(); });
  done.get_future().get();
  const fs::path copy = Kill();
  LoseCacheTail(copy);
  const auto again = Open(copy);
  EXPECT_EQ(again->GetConversation(ConversationId("A"))->read_sequence, 4U);
  EXPECT_EQ(again->ReadOutbox()->entries.front().read_sequence, 4U);
}

TEST_F(CrashTest, PlaceInTheListIsPutRight) {
  const auto store = Open(folder());
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0), TestSummary("B", 0)}}));
  const fs::path before = Kill();
  Message message = TestMessage("A", 0, "text");
  message.created_at = WallTime(std::chrono::hours(1));
  ASSERT_TRUE(SendNow(*store, message));
  const fs::path after = Kill();
  EXPECT_EQ(store->ListConversations({})->conversations[0].id.value(), "A");
  // The cache got the send's part, authored.db did not.
  for (const char* name : {"authored.db", "authored.db-wal"}) {
    fs::copy_file(before / name, after / name, fs::copy_options::overwrite_existing);
  }
  fs::remove(after / "authored.db-shm");
  const auto again = Open(after);
  EXPECT_EQ(again->ListConversations({})->conversations[0].id.value(), "B");
  EXPECT_EQ(again->GetConversation(ConversationId("A"))->last_activity_at, WallTime());
}

TEST_F(CrashTest, ClosingLeavesNoLog) {
  {
    const auto store = Open(folder());
    ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0)}}));
  }
  for (const fs::path& file : {cache_file(), authored_file()}) {
    const fs::path log = file.string() + "-wal";
    EXPECT_TRUE(!fs::exists(log) || fs::file_size(log) == 0) << log;
  }
}

}  // namespace
}  // namespace hark::store
