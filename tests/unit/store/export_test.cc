// Exports and copies of a store in use.

#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/store/store_copy.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

class ExportTest : public StoreFixture {
 protected:
  // A and B, with `each` messages of 1,000 bytes.
  void Fill(SqlcipherStore& store, Sequence each) {
    for (const char* name : {"A", "B"}) {
      Batch batch{{TestSummary(name, each)}};
      for (Sequence i = 1; i <= each; ++i)
        batch.operations.emplace_back(ApplyMessage{TestMessage(name, i, std::string(1'000, 'x'))});
      ASSERT_TRUE(ApplyNow(store, std::move(batch)));
    }
  }

  static std::map<std::string, std::vector<Message>> ReadAll(ExportSource& source) {
    std::map<std::string, std::vector<Message>> all;
    std::string id;
    for (;;) {
      auto part = source.Next();
      EXPECT_TRUE(part);
      if (!part || !*part) return all;
      if ((*part)->conversation) {
        id = (*part)->conversation->id.value();
        EXPECT_TRUE(all.try_emplace(id).second);
      }
      std::size_t bytes = 0;
      for (Message& message : (*part)->messages) {
        bytes += message.content.size();
        EXPECT_EQ(message.conversation.value(), id);
        all[id].push_back(std::move(message));
      }
      EXPECT_LE(bytes, limits::kExportPartBytes);
    }
  }

  const std::atomic<bool> not_cancelled_ = false;
};

TEST_F(ExportTest, IsWhatThereWasWhenItBegan) {
  const auto store = Open(folder());
  Fill(*store, 600);
  ASSERT_TRUE(SendNow(*store, TestMessage("A", 0, "waits")));
  auto source = store->BeginExport(std::nullopt, not_cancelled_);
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ((*source)->totals().conversations, 2U);
  EXPECT_EQ((*source)->totals().messages, 1'200U);
  Message edited = TestMessage("A", 1, "edited since");
  edited.revision = 2;
  ASSERT_TRUE(
      ApplyNow(*store, {{ApplyMessage{edited}, ApplyMessage{TestMessage("A", 601, "new")}}}));
  const auto all = ReadAll(**source);
  ASSERT_EQ(all.size(), 2U);
  ASSERT_EQ(all.at("A").size(), 600U);
  for (Sequence i = 1; i <= 600; ++i) {
    const Message& message = all.at("B")[i - 1];
    EXPECT_EQ(message.sequence, i);
    EXPECT_EQ(message.content, std::string(1'000, 'x'));
  }
  EXPECT_EQ(all.at("A").front().content, std::string(1'000, 'x'));
}

TEST_F(ExportTest, OneConversation) {
  const auto store = Open(folder());
  Fill(*store, 3);
  auto source = store->BeginExport(ConversationId("B"), not_cancelled_);
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->totals().messages, 3U);
  const auto all = ReadAll(**source);
  EXPECT_EQ(all.size(), 1U);
  EXPECT_EQ(all.at("B").size(), 3U);
  EXPECT_EQ(store->BeginExport(ConversationId("C"), not_cancelled_).error().code,
            ErrorCode::kNotFound);
}

// It outlives the store, and leaves nothing behind.
TEST_F(ExportTest, ReadsOnWhenTheStoreIsClosed) {
  auto store = Open(folder());
  Fill(*store, 600);
  auto source = store->BeginExport(std::nullopt, not_cancelled_);
  ASSERT_TRUE(source);
  store.reset();
  const auto all = ReadAll(**source);
  EXPECT_EQ(all.at("A").size() + all.at("B").size(), 1'200U);
  source->reset();
  EXPECT_TRUE(fs::is_empty(folder() / "copies"));
}

TEST_F(ExportTest, NothingOfACopyIsReadable) {
  const auto store = Open(folder());
  Fill(*store, 3);
  ASSERT_TRUE(ApplyNow(*store, {{ApplyMessage{TestMessage("A", 4, "canary")}}}));
  const auto source = store->BeginExport(std::nullopt, not_cancelled_);
  ASSERT_TRUE(source);
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder() / "copies")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(test::ReadBytes(entry.path()).find("canary"), std::string::npos);
    EXPECT_EQ(entry.status().permissions(), fs::perms::owner_read | fs::perms::owner_write);
  }
  EXPECT_EQ(files, 1);
}

TEST_F(ExportTest, CancelledEndsItAndLeavesNothing) {
  const auto store = Open(folder());
  Fill(*store, 600);
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(store->BeginExport(std::nullopt, cancelled).error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(fs::is_empty(folder() / "copies"));
}

// Any moment's copy of both files is a store: a send is in one of them, and once.
TEST_F(ExportTest, CopiesWhileSendsAreAcknowledgedLoseAndDoubleNothing) {
  const auto store = Open(folder());
  Fill(*store, 200);
  const std::string cache_key(32, '\x44');
  const std::string authored_key(32, '\x55');
  std::atomic<bool> stop = false;
  std::atomic<Sequence> acknowledged = 200;
  std::atomic<Sequence> sent = 200;
  std::thread writer([&] {
    for (Sequence i = 201; !stop && i < 5'000; ++i) {
      Message message = TestMessage("A", 0, std::to_string(i));
      message.id = MessageId("send/" + std::to_string(i));
      EXPECT_TRUE(SendNow(*store, message));
      sent = i;
      EXPECT_TRUE(ApplyNow(*store, {{AcknowledgeSend{message.id, "", i, 1}}}));
      acknowledged = i;
    }
  });
  for (int round = 0; round < 8; ++round) {
    SCOPED_TRACE(round);
    const fs::path copy = temporary().path() / ("copy-" + std::to_string(round));
    fs::create_directories(copy);
    const Sequence at_least = acknowledged;
    const auto copied = store->CopyFiles(copy, Secret(std::string(cache_key)),
                                         Secret(std::string(authored_key)), not_cancelled_);
    ASSERT_TRUE(copied) << copied.error().message;
    const Sequence at_most = sent + 1;
    const auto opened = TryOpen(copy, cache_key, authored_key);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_FALSE((*opened)->LastRepair().any());
    EXPECT_TRUE((*opened)->Verify().good());
    Sequence last = 200;
    for (Sequence i = 201; i <= at_most; ++i) {
      const auto message = (*opened)->ReadMessage(MessageId("send/" + std::to_string(i)));
      if (!message) break;
      last = i;
    }
    EXPECT_GE(last, at_least);
    EXPECT_LE((*opened)->ReadOutbox()->entries.size(), 1U);
    const auto page = (*opened)->ReadPage({ConversationId("A"), std::nullopt, 200});
    std::map<std::string, int> ids;
    for (const Message& message : page->messages) EXPECT_EQ(++ids[message.id.value()], 1);
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace hark::store
