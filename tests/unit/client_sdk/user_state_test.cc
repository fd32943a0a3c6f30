// Drafts and view states against a fake daemon on a real Unix socket.

#include "hark/user_state.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include "hark/client.h"
#include "tests/unit/client_sdk/client_fixture.h"

namespace hark::client {
namespace {

class UserStateTest : public FakeDaemonTest {
 protected:
  static SetDraftRequest Text(std::string text, std::uint64_t base = 0) {
    SetDraftRequest request;
    request.conversation_id = "c1";
    request.text = std::move(text);
    request.base_version = base;
    return request;
  }
};

TEST_F(UserStateTest, ADraftIsSetReadAndListed) {
  EXPECT_EQ(client().GetDraft("c1")->version, 0U);
  EXPECT_FALSE(client().GetDraft("c1")->changed_at);
  const Result<SetDraftResult> set = client().SetDraft(Text("héllo"));
  ASSERT_TRUE(set.ok());
  EXPECT_FALSE(set->conflict);
  EXPECT_EQ(set->draft.text, "héllo");
  const Result<Draft> draft = client().GetDraft("c1");
  EXPECT_EQ(draft->version, set->draft.version);
  EXPECT_EQ(draft->conversation_id, "c1");
  EXPECT_EQ(draft->changed_at, Time(std::chrono::seconds(1'700'000'000)));
  ASSERT_EQ(client().ListDrafts()->size(), 1U);
  ASSERT_TRUE(client().SetDraft(Text("", draft->version)).ok());
  EXPECT_TRUE(client().ListDrafts()->empty());
}

TEST_F(UserStateTest, AConflictIsAResultWithTheNewerDraft) {
  ASSERT_TRUE(client().SetDraft(Text("one")).ok());
  const Result<SetDraftResult> late = client().SetDraft(Text("two"));
  ASSERT_TRUE(late.ok());
  EXPECT_TRUE(late->conflict);
  EXPECT_EQ(late->draft.text, "one");
}

TEST_F(UserStateTest, ACallThatBreaksIsRepeatedAndChangesTheDraftOnce) {
  daemon_.HoldNext("SetDraft");
  std::thread restart([this] {
    daemon_.AwaitCalls("SetDraft", 1);
    daemon_.Stop();
    daemon_.Start();
  });
  const Result<SetDraftResult> set = client().SetDraft(Text("once"));
  restart.join();
  ASSERT_TRUE(set.ok()) << set.error().message;
  EXPECT_FALSE(set->conflict);
  EXPECT_EQ(daemon_.Calls("SetDraft"), 2);
  EXPECT_EQ(client().GetDraft("c1")->version, 1U);
}

TEST_F(UserStateTest, WhatCannotBeADraftIsRefusedHere) {
  EXPECT_EQ(client().SetDraft(Text(std::string(kMaxDraftBytes + 1, 'x'))).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().SetDraft(Text("\xff")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().SetDraft({}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().GetDraft("").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(daemon_.Calls("SetDraft"), 0);
}

TEST_F(UserStateTest, AFullDaemonIsATypedError) {
  daemon_.FailNext("SetDraft", grpc::StatusCode::RESOURCE_EXHAUSTED, "There are too many drafts.");
  const Result<SetDraftResult> set = client().SetDraft(Text("text"));
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error().code, ErrorCode::kResourceExhausted);
}

TEST_F(UserStateTest, AViewStateIsSetAndRead) {
  SetViewStateRequest request;
  request.conversation_id = "c1";
  request.ui = "desktop";
  request.message_id = "m7";
  request.offset = -40;
  ASSERT_TRUE(client().SetViewState(request).ok());
  const auto view = client().GetViewState("c1", "desktop");
  ASSERT_TRUE(view.ok() && view->has_value());
  EXPECT_EQ((*view)->message_id, "m7");
  EXPECT_EQ((*view)->offset, -40);
  EXPECT_FALSE((*view)->at_bottom);
  EXPECT_FALSE((*view)->nearest);
  EXPECT_TRUE((*view)->set_at.has_value());
  EXPECT_FALSE(client().GetViewState("c1", "tui")->has_value());

  request.message_id = "gone";
  ASSERT_TRUE(client().SetViewState(request).ok());
  EXPECT_TRUE((*client().GetViewState("c1", "desktop"))->nearest);
  EXPECT_EQ((*client().GetViewState("c1", "desktop"))->set_message_id, "gone");

  request.ui = std::string(kMaxUiNameBytes + 1, 'u');
  EXPECT_EQ(client().SetViewState(request).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(client().GetViewState("c1", "").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(UserStateTest, AWatchFollowsAndResumesOverARestart) {
  std::mutex mutex;
  std::condition_variable added;
  std::vector<std::string> journal;
  const auto add = [&](std::string entry) {
    const std::lock_guard lock(mutex);
    journal.push_back(std::move(entry));
    added.notify_all();
  };
  const auto await = [&](std::size_t count) {
    std::unique_lock lock(mutex);
    added.wait(lock, [&] { return journal.size() >= count; });
    return journal;
  };
  ASSERT_TRUE(client().SetDraft(Text("one")).ok());
  DraftsHandlers handlers;
  handlers.on_snapshot = [&](const DraftsSnapshot& event) {
    add("snapshot " + event.drafts.at(0).text + " at " + std::to_string(event.position.revision));
  };
  handlers.on_resumed = [&](const StreamPosition& at) {
    add("resumed at " + std::to_string(at.revision));
  };
  handlers.on_delta = [&](const DraftsDelta& event) {
    add("delta " + event.changed.at(0).text + " at " + std::to_string(event.position.revision));
  };
  auto watch = client().WatchDrafts(std::move(handlers));
  ASSERT_TRUE(watch.ok());
  (void)await(1);
  ASSERT_TRUE(client().SetDraft(Text("two", 1)).ok());
  (void)await(2);
  daemon_.Stop();
  daemon_.Start();
  (void)await(3);
  ASSERT_TRUE(client().SetDraft(Text("three", 2)).ok());
  EXPECT_EQ(await(4), (std::vector<std::string>{"snapshot one at 1", "delta two at 2",
                                                "resumed at 2", "delta three at 3"}));
  DraftsWatchOptions wrong;
  wrong.conversation_id = "\xff";
  EXPECT_EQ(client().WatchDrafts({}, wrong).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace hark::client
