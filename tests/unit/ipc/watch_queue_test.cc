// The queue of one stream, without a stream.

#include "daemon/ipc/watch_queue.h"

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::ipc {
namespace {

std::shared_ptr<const Commit> CommitAt(LocalRevision revision, const char* message = nullptr) {
  auto commit = std::make_shared<Commit>();
  commit->revision = revision;
  if (message != nullptr) {
    Message changed;
    changed.id = MessageId(message);
    commit->messages.push_back(std::move(changed));
  }
  return commit;
}

std::shared_ptr<const bus::Ephemeral> PartialOf(const char* message, const char* text) {
  return std::make_shared<const bus::Ephemeral>(
      bus::PartialMessage{ConversationId("c"), MessageId(message), Role::kAssistant, text});
}

std::shared_ptr<const bus::Ephemeral> TypingBy(Role role, bool active) {
  return std::make_shared<const bus::Ephemeral>(bus::Typing{ConversationId("c"), role, active});
}

std::optional<LocalRevision> TakeDelta(WatchQueue& queue) {
  const WatchQueue::Item item = queue.Take();
  const auto* delta = std::get_if<WatchQueue::Delta>(&item);
  return delta != nullptr ? std::optional(delta->place.revision) : std::nullopt;
}

std::string TakePartial(WatchQueue& queue) {
  const WatchQueue::Item item = queue.Take();
  const auto* passing = std::get_if<WatchQueue::Passing>(&item);
  if (passing == nullptr) return "";
  const auto* partial = std::get_if<bus::PartialMessage>(passing->ephemeral.get());
  return partial != nullptr ? partial->text : "";
}

bool TakeSnapshot(WatchQueue& queue) {
  return std::holds_alternative<WatchQueue::ReadSnapshot>(queue.Take());
}

bool TakeNothing(WatchQueue& queue) {
  return std::holds_alternative<WatchQueue::NothingToDo>(queue.Take());
}

TEST(WatchQueueTest, CommitsComeOutInOrder) {
  WatchQueue queue;
  queue.Push(CommitAt(1), 10);
  queue.Push(CommitAt(2), 10);
  EXPECT_EQ(TakeDelta(queue), 1U);
  EXPECT_EQ(queue.place().revision, 1U);
  EXPECT_EQ(TakeDelta(queue), 2U);
  EXPECT_TRUE(TakeNothing(queue));
}

TEST(WatchQueueTest, CommitsWithNothingForTheStreamMoveItsRevisionOn) {
  WatchQueue queue;
  queue.Skip(1);
  EXPECT_EQ(queue.place().revision, 1U);
  queue.Push(CommitAt(2), 10);
  queue.Skip(3);
  queue.Skip(4);
  // Only once the one before them is delivered.
  EXPECT_EQ(queue.place().revision, 1U);
  EXPECT_EQ(TakeDelta(queue), 4U);
}

TEST(WatchQueueTest, CommitsThatTheSnapshotContainsAreForgotten) {
  WatchQueue queue;
  queue.Push(CommitAt(1), 10);
  queue.Push(CommitAt(2), 10);
  queue.Push(CommitAt(4), 10);
  queue.StartAt(3);
  queue.Push(CommitAt(3), 10);  // Published after the snapshot that already had it.
  EXPECT_EQ(TakeDelta(queue), 4U);
  EXPECT_TRUE(TakeNothing(queue));
}

TEST(WatchQueueTest, StartAtKeepsWhatFollowedAForgottenCommit) {
  WatchQueue queue;
  queue.Push(CommitAt(2), 10);
  queue.Skip(5);
  queue.StartAt(3);
  EXPECT_EQ(queue.place().revision, 5U);
}

TEST(WatchQueueTest, OneCommitTooManyBecomesASnapshot) {
  WatchQueue queue;
  for (LocalRevision i = 1; i <= limits::kStreamQueueEvents; ++i) queue.Push(CommitAt(i), 1);
  EXPECT_FALSE(queue.lost());
  queue.Push(CommitAt(9'000), 1);
  EXPECT_TRUE(queue.lost());
  queue.Push(CommitAt(9'001), 1);  // After a loss, not without a snapshot before it.
  EXPECT_TRUE(TakeSnapshot(queue));
  queue.Push(CommitAt(9'002), 1);
  queue.Push(CommitAt(9'003), 1);
  queue.StartAt(9'002);
  EXPECT_EQ(TakeDelta(queue), 9'003U);
}

TEST(WatchQueueTest, TooManyBytesBecomeASnapshot) {
  WatchQueue queue;
  queue.Push(CommitAt(1), limits::kStreamQueueBytes);
  EXPECT_FALSE(queue.lost());
  queue.Push(CommitAt(2), 1);
  EXPECT_TRUE(TakeSnapshot(queue));
  queue.StartAt(2);
  queue.Push(CommitAt(3), limits::kStreamQueueBytes + 1);
  EXPECT_TRUE(TakeSnapshot(queue));
}

TEST(WatchQueueTest, WantedSnapshotFollowsTheWaitingCommits) {
  WatchQueue queue;
  queue.Push(CommitAt(1), 10);
  queue.WantSnapshot();
  EXPECT_EQ(TakeDelta(queue), 1U);
  EXPECT_TRUE(TakeSnapshot(queue));
  EXPECT_TRUE(TakeNothing(queue));
}

// A client that went on from the commit's own revision would never get what the gap hid.
TEST(WatchQueueTest, ClientThatIsOwedASnapshotResumesBeforeTheCommitThatMadeItNecessary) {
  WatchQueue queue;
  queue.StartAt(1);
  queue.Push(CommitAt(2), 10);
  queue.WantSnapshot();
  queue.Push(CommitAt(3), 10);
  queue.WantSnapshot();
  queue.Skip(4);
  for (const LocalRevision revision : {2U, 4U}) {
    const WatchQueue::Item item = queue.Take();
    const auto* delta = std::get_if<WatchQueue::Delta>(&item);
    ASSERT_NE(delta, nullptr);
    EXPECT_EQ(delta->place.revision, revision);
    EXPECT_EQ(delta->place.resume, 2U);
  }
  ASSERT_TRUE(TakeSnapshot(queue));
  queue.StartAt(4);
  EXPECT_EQ(queue.place().resume, 4U);
}

TEST(WatchQueueTest, SkippedCommitThatMakesASnapshotNecessaryIsSeenAgainToo) {
  WatchQueue queue;
  queue.StartAt(1);
  queue.WantSnapshot();
  queue.Skip(2);
  EXPECT_EQ(queue.place().revision, 2U);
  EXPECT_EQ(queue.place().resume, 1U);
}

TEST(WatchQueueTest, OnlyTheLatestTextOfAMessageWaits) {
  WatchQueue queue;
  queue.PutPassing(PartialOf("a", "H"));
  queue.PutPassing(PartialOf("b", "X"));
  queue.PutPassing(PartialOf("a", "Hello"));
  EXPECT_EQ(TakePartial(queue), "X");
  EXPECT_EQ(TakePartial(queue), "Hello");
  EXPECT_TRUE(TakeNothing(queue));
}

TEST(WatchQueueTest, OnlyTheLatestTypingOfARoleWaits) {
  WatchQueue queue;
  queue.PutPassing(TypingBy(Role::kAssistant, true));
  queue.PutPassing(TypingBy(Role::kUser, true));
  queue.PutPassing(TypingBy(Role::kAssistant, false));
  EXPECT_TRUE(std::holds_alternative<WatchQueue::Passing>(queue.Take()));
  EXPECT_TRUE(std::holds_alternative<WatchQueue::Passing>(queue.Take()));
  EXPECT_TRUE(TakeNothing(queue));
}

TEST(WatchQueueTest, EphemeralsAreNeverAheadOfCommits) {
  WatchQueue queue;
  queue.PutPassing(PartialOf("a", "Hello"));
  queue.Push(CommitAt(1), 10);
  EXPECT_EQ(TakeDelta(queue), 1U);
  EXPECT_EQ(TakePartial(queue), "Hello");
}

TEST(WatchQueueTest, FinishedMessageReplacesItsPartials) {
  WatchQueue queue;
  queue.PutPassing(PartialOf("a", "Hel"));
  queue.Push(CommitAt(1, "a"), 10);
  EXPECT_EQ(TakeDelta(queue), 1U);
  EXPECT_TRUE(TakeNothing(queue));
}

TEST(WatchQueueTest, PartialsOfManyMessagesAreBounded) {
  WatchQueue queue;
  for (int i = 0; i < 1'000; ++i) queue.PutPassing(PartialOf(std::to_string(i).c_str(), "x"));
  int taken = 0;
  while (!TakePartial(queue).empty()) ++taken;
  EXPECT_EQ(taken, 16);
}

}  // namespace
}  // namespace hark::ipc
