// A cache.db that is replaced while the store is open.

#include <atomic>
#include <filesystem>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

class RepairTest : public StoreFixture {
 protected:
  // A store of 2,000 messages whose cache has damaged pages that opening does not see.
  std::unique_ptr<SqlcipherStore> OpenDamaged() {
    {
      const auto store = Open(folder());
      for (const char* name : {"A", "B"}) {
        Batch batch;
        for (Sequence i = 1; i <= 1'000; ++i)
          batch.operations.emplace_back(ApplyMessage{TestMessage(name, i, std::string(300, 'x'))});
        batch.operations.emplace_back(SetCursor{{"epoch", 5}});
        batch.operations.emplace_back(SetSynced{WallTime{}, true});
        EXPECT_TRUE(ApplyNow(*store, std::move(batch)));
      }
    }
    std::string bytes = test::ReadBytes(cache_file());
    for (std::size_t page = 60; page < 66; ++page) bytes[page * 4096 + 50] ^= 1;
    test::WriteBytes(cache_file(), bytes);
    StoreOptions options = Options(folder());
    options.on_commit = [this](const std::shared_ptr<const Commit>& commit) {
      commits_.push_back(commit);
    };
    options.on_health = [this](StoreHealth health, const RepairReport&) {
      healths_.push_back(health);
      if (in_repair_) in_repair_(health);
    };
    auto store = SqlcipherStore::Open(std::move(options));
    EXPECT_TRUE(store);
    return *std::move(store);
  }

  static Result<RepairReport> Repair(SqlcipherStore& store) {
    return WaitFor<RepairReport>(
        [&](auto done) { store.SetCacheAside("a test", std::move(done)); });
  }

  static std::size_t CountMessages(SqlcipherStore& store) {
    std::size_t count = 0;
    for (const char* name : {"A", "B"}) {
      for (Sequence i = 1; i <= 1'000; ++i)
        count += store.ReadMessage(MessageId(name + ("/" + std::to_string(i)))) ? 1 : 0;
    }
    return count;
  }

  // Written by the writer's thread; read when it stands still.
  std::vector<std::shared_ptr<const Commit>> commits_;
  std::vector<StoreHealth> healths_;
  std::function<void(StoreHealth)> in_repair_;
};

TEST_F(RepairTest, VerifySeesWhatOpeningDoesNotAndTheRepairMendsIt) {
  const auto store = OpenDamaged();
  EXPECT_FALSE(store->LastRepair().any());
  const auto verdict = store->Verify();
  EXPECT_EQ(verdict.cache.damaged, 6U);
  EXPECT_TRUE(verdict.authored.good());
  const LocalRevision before = store->CurrentRevision();
  const auto report = Repair(*store);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->cache_replaced);
  EXPECT_GE(report->messages, 1'900U);
  EXPECT_LT(report->messages, 2'000U);
  EXPECT_TRUE(store->Verify().good());
  EXPECT_EQ(CountMessages(*store), report->messages);
  EXPECT_GT(store->CurrentRevision(), before);
  EXPECT_EQ(healths_, (std::vector{StoreHealth::kRepairing, StoreHealth::kReady}));
}

TEST_F(RepairTest, WatchersHearOfEveryConversationAndTheSyncStartsOver) {
  const auto store = OpenDamaged();
  ASSERT_TRUE(Repair(*store));
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("C", 1)}}));
  std::set<std::string> changed;
  for (const auto& commit : commits_) {
    for (const ConversationId& id : commit->gaps_changed) changed.insert(id.value());
  }
  EXPECT_TRUE(changed.contains("A") && changed.contains("B"));
  const auto state = store->ReadSyncState();
  EXPECT_FALSE(state->cursor);
  EXPECT_TRUE(state->initial_sync_done);
  // What is lost and what is here are both to be fetched.
  const auto plan = store->PlanFetches({}, 1'000);
  EXPECT_EQ(plan->missing, 2'000U);
}

// A batch that continues what was read of the old file must not put its cursor into the new one.
TEST_F(RepairTest, ABatchOfTheSeriesBeforeFails) {
  const auto store = OpenDamaged();
  const Batch batch{{SetCursor{{"epoch", 6}}}, 3};
  ASSERT_TRUE(ApplyNow(*store, batch));
  ASSERT_TRUE(Repair(*store));
  const auto late = ApplyNow(*store, batch);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(store->ReadSyncState()->cursor);
  // The engine that is started afterwards counts from 1 again.
  store->BeginSync();
  EXPECT_TRUE(ApplyNow(*store, {{SetCursor{{"epoch", 7}}}, 1}));
  EXPECT_TRUE(store->ReadSyncState()->cursor);
}

TEST_F(RepairTest, ReadsGoOnAndWritesWait) {
  const auto store = OpenDamaged();
  std::promise<void> sent;
  in_repair_ = [&](StoreHealth health) {
    if (health != StoreHealth::kRepairing) return;
    // On the writer's thread: whatever this reads, it does not wait for the writer.
    EXPECT_TRUE(store->ReadMessage(MessageId("A/1")));
    EXPECT_TRUE(store->ListConversations({}));
    EXPECT_EQ(store->ReadSyncState().error().code, ErrorCode::kCancelled);
    store->EnqueueSend({TestMessage("A", 0, "written during the repair")},
                       [&sent](const Result<Message>& message) {
                         EXPECT_TRUE(message);
                         sent.set_value();
                       });
    store->SetCacheAside("again", [](const Result<RepairReport>& report) {
      EXPECT_EQ(report.error().code, ErrorCode::kCancelled);
    });
  };
  std::atomic<bool> stop = false;
  std::atomic<int> read = 0;
  std::thread reader([&] {
    while (!stop) {
      // Damage is an error of that read alone.
      const auto message = store->ReadMessage(MessageId("B/1"));
      EXPECT_TRUE(message || message.error().code == ErrorCode::kCorrupt);
      ++read;
    }
  });
  EXPECT_TRUE(Repair(*store));
  sent.get_future().get();
  stop = true;
  reader.join();
  EXPECT_GT(read, 0);
  EXPECT_EQ(store->ReadOutbox()->entries.size(), 1U);
}

// Nobody has to ask: the read that sees the damage fails, and the cache is replaced behind it.
TEST_F(RepairTest, AReadThatSeesDamageSetsTheCacheAside) {
  const auto store = OpenDamaged();
  std::promise<void> ready;
  in_repair_ = [&ready](StoreHealth health) {
    if (health == StoreHealth::kReady) ready.set_value();
  };
  std::size_t failed = 0;
  for (const char* name : {"A", "B"}) {
    const auto page = store->ReadPage({ConversationId(name), std::nullopt, 200});
    for (Sequence i = 1; i <= 1'000 && failed == 0; ++i) {
      const auto message = store->ReadMessage(MessageId(name + ("/" + std::to_string(i))));
      if (!message && message.error().code == ErrorCode::kCorrupt) ++failed;
    }
    if (!page || failed > 0) break;
  }
  ready.get_future().get();
  EXPECT_TRUE(store->LastRepair().cache_replaced);
  EXPECT_TRUE(store->Verify().good());
  EXPECT_GE(CountMessages(*store), 1'900U);
}

}  // namespace
}  // namespace hark::store
