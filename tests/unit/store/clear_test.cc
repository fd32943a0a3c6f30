// The cache cleared, while the store is open and after it was killed on the way.

#include <filesystem>
#include <fstream>
#include <new>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "daemon/store/clear_files.h"
#include "daemon/store/connection.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

const std::string kNextKey(32, '\x33');

class ClearTest : public StoreFixture {
 protected:
  // One conversation with two messages, a send and a draft; and everything that may lie beside.
  void MakeStore() {
    {
      const auto store = Open(folder());
      ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 2), ApplyMessage{TestMessage("A", 1, "one")},
                                     ApplyMessage{TestMessage("A", 2, "two")},
                                     SetCursor{{"epoch", 7}}, SetSynced{WallTime{}, true}}}));
      ASSERT_TRUE(SendNow(*store, TestMessage("A", 0, "waiting")));
      UserStateChanges changes;
      changes.drafts.push_back({ConversationId("A"), "half a sentence", 1, WallTime{}});
      ASSERT_TRUE(SaveNow(*store, std::move(changes)));
    }
    for (const char* name :
         {"backups/schema-1-1/cache.db", "backups/schema-1-1/authored.db",
          "set-aside/20260101T000000Z/cache.db", "set-aside/20260101T000000Z/cache.db-wal",
          "set-aside/20260101T000000Z/authored.db", "cache.db.new", "cache.db-journal",
          "copies/1/cache.db"}) {
      fs::create_directories((folder() / name).parent_path());
      std::ofstream(folder() / name) << "old";
    }
  }

  StoreOptions Options() {
    StoreOptions options = StoreFixture::Options(folder(), CacheKey());
    options.on_commit = [this](const std::shared_ptr<const Commit>& commit) {
      commits_.push_back(commit);
    };
    options.on_health = [this](StoreHealth health, const RepairReport&) {
      healths_.push_back(health);
    };
    return options;
  }

  // The key store of this test: a file.
  [[nodiscard]] fs::path key_file() const { return temporary().path() / "renewed"; }
  [[nodiscard]] std::string CacheKey() const {
    return fs::exists(key_file()) ? kNextKey : kCacheKey;
  }
  Result<Secret> Renew() {
    std::ofstream(key_file()) << "1";
    return Secret(CacheKey());
  }

  Result<std::uint64_t> Clear(SqlcipherStore& store) {
    return WaitFor<std::uint64_t>(
        [&](auto done) { store.ClearCache([this] { return Renew(); }, std::move(done)); });
  }

  static Result<Message> Act(SqlcipherStore& store, const char* message,
                             decltype(MessageAction::what) what) {
    return ActNow(store, {ConversationId("A"), MessageId(message), std::move(what)});
  }

  // As the account does it.
  Result<std::unique_ptr<SqlcipherStore>> OpenAfterKill() {
    const StoreFiles files(folder());
    if (IsClearing(files)) {
      if (auto removed = RemoveCacheFiles(files); !removed)
        return tl::unexpected<Error>(removed.error());
      if (auto renewed = Renew(); !renewed) return tl::unexpected<Error>(renewed.error());
    }
    return SqlcipherStore::Open(Options());
  }

  static void ExpectAuthoredWhole(SqlcipherStore& store) {
    EXPECT_EQ(store.ReadOutbox()->entries.size(), 1U);
    ASSERT_EQ(store.ReadDrafts()->size(), 1U);
    EXPECT_EQ(store.ReadDrafts()->front().text, "half a sentence");
    // What waits is shown as before.
    const auto page = store.ReadPage({ConversationId("A"), std::nullopt, 50});
    ASSERT_TRUE(page);
    EXPECT_EQ(page->messages.back().content, "waiting");
  }

  static void ExpectClear(SqlcipherStore& store) {
    EXPECT_FALSE(store.ReadMessage(MessageId("A/1")));
    EXPECT_EQ(store.Statistics()->messages, 0U);
    const auto state = store.ReadSyncState();
    ASSERT_TRUE(state);
    EXPECT_FALSE(state->cursor);
    EXPECT_FALSE(state->initial_sync_done);
  }

  [[nodiscard]] std::vector<std::string> LeftOver() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder())) {
      if (entry.is_regular_file() && test::ReadBytes(entry.path()) == "old")
        names.push_back(fs::relative(entry.path(), folder()));
    }
    return names;
  }

  // Written by the writer's thread; read when it stands still.
  std::vector<std::shared_ptr<const Commit>> commits_;
  std::vector<StoreHealth> healths_;
};

// The message of a refused change may be neither here nor at the backend any more.
TEST_F(ClearTest, ARefusedChangeOfWhatIsNotHereCanBeRetriedAndGivenUp) {
  MakeStore();
  auto opened = SqlcipherStore::Open(Options());
  ASSERT_TRUE(opened);
  const std::unique_ptr<SqlcipherStore> store = *std::move(opened);
  ASSERT_TRUE(Act(*store, "A/1", EditMessage{"mine"}));
  const std::uint64_t edit = store->ReadOutbox()->entries.back().position;
  ASSERT_TRUE(Clear(*store));
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 2), MarkSending{{edit}},
                                 FailEntry{edit, {"NOT_FOUND", "No such message."}}}}));
  ASSERT_FALSE(store->ReadMessage(MessageId("A/1")));
  const auto entry = [&] { return store->ReadOutbox()->entries.back(); };
  ASSERT_EQ(entry().delivery, Delivery::kFailed);

  // It is on no page, but in the list, with its text.
  const auto listed = [&] { return store->ListOutbox({{}, true})->items; };
  ASSERT_EQ(listed().size(), 1U);
  EXPECT_EQ(listed()[0].entry, entry());
  EXPECT_EQ(listed()[0].preview, "mine");
  EXPECT_EQ(listed()[0].failure->reason, "NOT_FOUND");
  EXPECT_FALSE(listed()[0].message_is_here);
  const auto skipped = Act(*store, "A/1", SkipMessage{});
  ASSERT_TRUE(skipped) << skipped.error().message;
  EXPECT_EQ(skipped->change->delivery, Delivery::kFailed);
  EXPECT_EQ(skipped->change->content, "mine");

  EXPECT_EQ(Act(*store, "A/1", EditMessage{"more"}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Act(*store, "A/2", RetryMessage{}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(RetryAllNow(*store, std::nullopt), 1U);
  EXPECT_EQ(entry().delivery, Delivery::kQueued);
  EXPECT_EQ(entry().position, edit);
  EXPECT_TRUE(listed().empty());
  EXPECT_EQ(entry().base_revision, 1U);

  ASSERT_TRUE(ApplyNow(*store, {{MarkSending{{edit}}, FailEntry{edit, {"NOT_FOUND", "No."}}}}));
  const auto again = Act(*store, "A/1", RetryMessage{});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->change->delivery, Delivery::kQueued);
  ASSERT_TRUE(ApplyNow(*store, {{MarkSending{{edit}}, FailEntry{edit, {"NOT_FOUND", "No."}}}}));
  const auto given_up = Act(*store, "A/1", CancelMessage{});
  ASSERT_TRUE(given_up) << given_up.error().message;
  EXPECT_EQ(given_up->id, MessageId("A/1"));
  EXPECT_FALSE(given_up->change);
  EXPECT_EQ(store->ReadOutbox()->entries.size(), 1U);
  EXPECT_EQ(store->GetConversation(ConversationId("A"))->failed_count, 0U);
}

TEST_F(ClearTest, ARefusedDeletionOfWhatIsNotHereCanBeRetriedAndGivenUp) {
  MakeStore();
  auto opened = SqlcipherStore::Open(Options());
  ASSERT_TRUE(opened);
  const std::unique_ptr<SqlcipherStore> store = *std::move(opened);
  ASSERT_TRUE(Act(*store, "A/1", DeleteMessage{}));
  const std::uint64_t deletion = store->ReadOutbox()->entries.back().position;
  ASSERT_TRUE(Clear(*store));
  const Batch refusal{{TestSummary("A", 2), MarkSending{{deletion}},
                       FailEntry{deletion, {"PERMISSION", "No.", true, {}}}}};
  ASSERT_TRUE(ApplyNow(*store, refusal));
  const auto listed = store->ListOutbox({{}, true});
  ASSERT_EQ(listed->items.size(), 1U);
  EXPECT_EQ(listed->items[0].entry.kind, OutboxKind::kDelete);
  EXPECT_EQ(listed->items[0].entry.message, MessageId("A/1"));
  EXPECT_FALSE(listed->items[0].message_is_here);

  const auto retried = Act(*store, "A/1", RetryMessage{});
  ASSERT_TRUE(retried) << retried.error().message;
  EXPECT_TRUE(retried->deleted);
  EXPECT_EQ(retried->change->kind, PendingChange::Kind::kDelete);
  EXPECT_EQ(retried->change->delivery, Delivery::kQueued);
  ASSERT_TRUE(ApplyNow(*store, refusal));
  ASSERT_TRUE(Act(*store, "A/1", CancelMessage{}));
  EXPECT_TRUE(store->ListOutbox({{}, true})->items.empty());
}

TEST_F(ClearTest, NothingOfTheCacheIsLeftAndWhatTheUserWroteStays) {
  MakeStore();
  auto opened = SqlcipherStore::Open(Options());
  ASSERT_TRUE(opened);
  const std::unique_ptr<SqlcipherStore> store = *std::move(opened);
  const LocalRevision before = store->CurrentRevision();
  const std::string old_bytes = test::ReadBytes(cache_file());
  const auto bytes = Clear(*store);
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_GE(*bytes, old_bytes.size());
  ExpectClear(*store);
  ExpectAuthoredWhole(*store);
  EXPECT_GT(store->CurrentRevision(), before);
  EXPECT_EQ(LeftOver(), std::vector<std::string>{"set-aside/20260101T000000Z/authored.db"});
  EXPECT_FALSE(IsClearing(StoreFiles(folder())));
  EXPECT_EQ(healths_, (std::vector{StoreHealth::kClearing, StoreHealth::kReady}));
  ASSERT_FALSE(commits_.empty());
  EXPECT_TRUE(commits_.back()->read_again);
  EXPECT_TRUE(store->Verify().good());
  // It goes on like any other.
  ASSERT_TRUE(
      ApplyNow(*store, {{TestSummary("A", 1), ApplyMessage{TestMessage("A", 1, "again")}}}));
  EXPECT_EQ(store->ReadMessage(MessageId("A/1"))->content, "again");
}

TEST_F(ClearTest, TheOldKeyOpensNothingAfterwards) {
  MakeStore();
  {
    auto store = SqlcipherStore::Open(Options());
    ASSERT_TRUE(store);
    ASSERT_TRUE(Clear(**store));
  }
  const Secret old_key{std::string(kCacheKey)};
  EXPECT_ANY_THROW(Connection(cache_file(), old_key, Access::kProbe, Durability::kFetchable));
  const auto store = SqlcipherStore::Open(Options());
  ASSERT_TRUE(store);
  EXPECT_FALSE((*store)->LastRepair().any());
  ExpectAuthoredWhole(**store);
}

TEST_F(ClearTest, ABatchOfTheSeriesBeforeFails) {
  MakeStore();
  auto store = SqlcipherStore::Open(Options());
  ASSERT_TRUE(store);
  const Batch batch{{SetCursor{{"epoch", 8}}}, 3};
  ASSERT_TRUE(ApplyNow(**store, batch));
  ASSERT_TRUE(Clear(**store));
  EXPECT_FALSE(ApplyNow(**store, batch));
  EXPECT_FALSE((*store)->ReadSyncState()->cursor);
}

// An acknowledged send stays in authored.db for a while; without its row in the cache it must not
// come back as one that waits.
TEST_F(ClearTest, WhatWasAcknowledgedDoesNotComeBack) {
  MakeStore();
  auto store = SqlcipherStore::Open(Options());
  ASSERT_TRUE(store);
  const MessageId id = (*store)->ReadOutbox()->entries.front().message;
  ASSERT_TRUE(ApplyNow(**store, {{AcknowledgeSend{id, "", 3, 1}}}));
  ASSERT_TRUE(Clear(**store));
  EXPECT_TRUE((*store)->ReadOutbox()->entries.empty());
}

// Killed at the first step, then at the second, … until it gets through. Each time the store is as
// it was or clear, and what the user wrote is there.
TEST_F(ClearTest, KilledAtEveryStep) {
  MakeStore();
  const fs::path kept = temporary().path() / "kept";
  fs::copy(folder(), kept, fs::copy_options::recursive);
  int steps = 0;
  int clear = 0;
  for (int limit = 1;; ++limit) {
    SCOPED_TRACE(limit);
    fs::remove_all(folder());
    fs::remove(key_file());
    fs::copy(kept, folder(), fs::copy_options::recursive);
    const pid_t child = ::fork();
    if (child == 0) {
      int left = limit;
      StoreOptions options = Options();
      options.at_step = [&left] {
        if (--left == 0) ::_exit(9);
      };
      auto store = SqlcipherStore::Open(std::move(options));
      ::_exit(store && Clear(**store) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    {
      auto store = OpenAfterKill();
      ASSERT_TRUE(store) << store.error().message;
      ExpectAuthoredWhole(**store);
      EXPECT_FALSE((*store)->LastRepair().any());
      const bool is_clear = !(*store)->ReadMessage(MessageId("A/1"));
      if (is_clear) ExpectClear(**store);
      EXPECT_TRUE(is_clear || (*store)->ReadMessage(MessageId("A/2")));
      EXPECT_GE(is_clear ? 1 : 0, clear) << "it went back";
      clear = is_clear ? 1 : 0;
      EXPECT_FALSE(IsClearing(StoreFiles(folder())));
    }
    steps = limit;
    if (WEXITSTATUS(status) == 0) break;
    ASSERT_EQ(WEXITSTATUS(status), 9);
  }
  EXPECT_GT(steps, 8);
  EXPECT_EQ(clear, 1);
}

TEST_F(ClearTest, ReadersGoOnWhenItThrowsWhileTheyWait) {
  MakeStore();
  const auto store = SqlcipherStore::Open(Options());
  ASSERT_TRUE(store);
  const auto cleared = WaitFor<std::uint64_t>([&](auto done) {
    (*store)->ClearCache([]() -> Result<Secret> { throw std::bad_alloc(); }, std::move(done));
  });
  EXPECT_FALSE(cleared);
  EXPECT_TRUE((*store)->ReadMessage(MessageId("A/2")));
}

TEST_F(ClearTest, AnAuthoredFileThatCannotBeReadIsNotTouched) {
  MakeStore();
  const std::string authored = test::ReadBytes(authored_file());
  ASSERT_TRUE(MarkClearing(StoreFiles(folder())));
  ASSERT_TRUE(RemoveCacheFiles(StoreFiles(folder())));
  EXPECT_FALSE(TryOpen(folder(), kCacheKey, std::string(32, 'x')));
  EXPECT_EQ(test::ReadBytes(authored_file()), authored);
  EXPECT_FALSE(fs::exists(cache_file()));
  // With the right key it goes on.
  const auto store = TryOpen(folder());
  ASSERT_TRUE(store) << store.error().message;
  ExpectClear(**store);
}

}  // namespace
}  // namespace hark::store
