// Readers and writers at the same time.

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

class ConcurrencyTest : public StoreFixture {};

// While sends are enqueued and acknowledged, every reader sees each of them exactly once, wherever
// it is on its way.
TEST_F(ConcurrencyTest, NoReaderMissesAMessageOnItsWay) {
  constexpr int kMessages = 150;
  const auto store = Open(folder());
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0)}}));
  std::atomic<int> enqueued = 0;
  std::atomic<bool> finished = false;
  const auto id_of = [](int i) { return MessageId("id-" + std::to_string(i)); };

  const auto read = [&] {
    LocalRevision newest = 0;
    while (!finished) {
      const int at_least = enqueued;
      const auto page = store->ReadPage({ConversationId("A"), std::nullopt, 200});
      ASSERT_TRUE(page) << page.error().message;
      ASSERT_GE(page->revision, newest);
      newest = page->revision;
      std::set<std::string> ids;
      for (const Message& message : page->messages)
        ASSERT_TRUE(ids.insert(message.id.value()).second);
      ASSERT_GE(static_cast<int>(ids.size()), at_least);
      ASSERT_EQ(page->total_count, ids.size());
      const auto conversation = store->GetConversation(ConversationId("A"));
      ASSERT_TRUE(conversation);
      ASSERT_GE(static_cast<int>(conversation->message_count), at_least);
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 6; ++i) readers.emplace_back(read);  // More than there are connections.

  for (int i = 1; i <= kMessages; ++i) {
    Message message = TestMessage("A", 0, "text");
    message.id = id_of(i);
    ASSERT_TRUE(SendNow(*store, message));
    enqueued = i;
    ASSERT_TRUE(ApplyNow(*store, {{MarkSending{{static_cast<std::uint64_t>(i)}},
                                   AcknowledgeSend{id_of(i), "", static_cast<Sequence>(i), 1}}}));
  }
  finished = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_TRUE(store->ReadOutbox()->entries.empty());
}

// The answer comes before cache.db has what shows the send in lists: whoever reads then waits.
TEST_F(ConcurrencyTest, WhatIsReadAfterTheAnswerShowsTheSendEverywhere) {
  constexpr int kMessages = 400;
  const auto store = Open(folder());
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0), TestSummary("B", 0)}}));
  LocalRevision newest = 0;
  for (int i = 0; i < kMessages; ++i) {
    Message message = TestMessage(i % 2 == 0 ? "A" : "B", 0, "text");
    message.id = MessageId("id-" + std::to_string(i));
    message.created_at = WallTime(std::chrono::hours(1'000'000) + std::chrono::seconds(i));
    ASSERT_TRUE(SendNow(*store, message));
    const auto list = store->ListConversations({});
    ASSERT_TRUE(list) << list.error().message;
    ASSERT_EQ(list->conversations.front().id, message.conversation) << i;
    ASSERT_GT(list->revision, newest);
    newest = list->revision;
  }
}

// The log is cut back while readers go on.
TEST_F(ConcurrencyTest, LogStaysBoundedUnderReadersAndBulkWrites) {
  const auto store = Open(folder());
  std::atomic<bool> finished = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!finished) {
        const auto page = store->ListConversations({});
        ASSERT_TRUE(page) << page.error().message;
      }
    });
  }
  constexpr Sequence kPages = 60;
  for (Sequence page = 0; page < kPages; ++page) {
    ApplyHistory history;
    history.conversation = ConversationId("A");
    history.from = page * 200 + 1;
    history.to = page * 200 + 200;
    for (Sequence i = history.from; i <= history.to; ++i) {
      history.messages.push_back(TestMessage("A", i, std::string(4'000, 'x')));
    }
    ASSERT_TRUE(ApplyNow(*store, {{std::move(history)}}));
  }
  finished = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(store->Statistics()->messages, kPages * 200);
  const auto log = std::filesystem::file_size(cache_file().string() + "-wal");
  EXPECT_LT(log, 2 * std::size_t{16 * 1024 * 1024});
}

TEST_F(ConcurrencyTest, ClosingAnswersEveryCall) {
  const auto store = Open(folder());
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0)}}));
  std::atomic<int> answered = 0;
  std::atomic<int> called = 0;
  std::atomic<bool> closed = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; !closed; ++i) {
        Message message = TestMessage("A", 0, "text");
        message.id = MessageId(std::to_string(t) + "-" + std::to_string(i));
        ++called;
        store->EnqueueSend({std::move(message)}, [&](const Result<Message>& result) {
          if (!result && result.error().code == ErrorCode::kCancelled) closed = true;
          ++answered;
        });
        const auto page = store->ListConversations({});
        if (!page) {
          EXPECT_EQ(page.error().code, ErrorCode::kCancelled);
        }
      }
    });
  }
  while (answered < 20) std::this_thread::yield();
  store->Close();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, called);
}

TEST_F(ConcurrencyTest, NoReaderSeesAnAnswerAsMissingThatIsOnItsWay) {
  const auto store = Open(folder());
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0)}}));
  std::atomic<bool> finished = false;
  std::atomic<int> unknown = 0;
  std::atomic<int> reads = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!finished) {
        const auto page = store->ReadPage({ConversationId("A"), std::nullopt, 3});
        ASSERT_TRUE(page);
        ++reads;
        for (const Message& message : page->messages)
          if (message.delivery == Delivery::kUnknown) ++unknown;
      }
    });
  for (int i = 1; i <= 1000; ++i) {
    Message message = TestMessage("A", 0, "text");
    message.id = MessageId("id-" + std::to_string(i));
    std::promise<bool> done;
    store->EnqueueSend({message, true},
                       [&](const Result<Message>& r) { done.set_value(r.has_value()); });
    ASSERT_TRUE(done.get_future().get());
    ASSERT_TRUE(ApplyNow(*store, {{MarkSending{{static_cast<std::uint64_t>(i)}}}}));
    ASSERT_TRUE(ApplyNow(*store, {{AcknowledgeSend{message.id, "", static_cast<Sequence>(i), 1}}}));
  }
  finished = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(unknown, 0) << "of " << reads;
}

// What the watchdog lives on: a writer that hangs is not taken for one that has nothing to do.
TEST_F(ConcurrencyTest, TheWriterTurnsWhenItIsFreeAndNotWhileItHangs) {
  const auto store = Open(folder());
  std::promise<void> free;
  store->TurnWriter([&free] { free.set_value(); });
  free.get_future().wait();

  std::promise<void> hangs;
  std::promise<void> release;
  std::promise<void> turned;
  store->Apply({{TestSummary("A", 0)}}, [&](const Result<LocalRevision>&) {
    hangs.set_value();
    release.get_future().wait();
  });
  hangs.get_future().wait();
  std::future<void> turn = turned.get_future();
  store->TurnWriter([&turned] { turned.set_value(); });
  EXPECT_EQ(turn.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  release.set_value();
  turn.wait();

  store->Close();
  bool at_once = false;
  store->TurnWriter([&at_once] { at_once = true; });
  EXPECT_TRUE(at_once);
}

}  // namespace
}  // namespace hark::store
