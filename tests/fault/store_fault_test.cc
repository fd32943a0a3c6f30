// The store on a full or failing disk: what the caller is told, that reads go on, and that the next
// call works once the disk does.

#include <algorithm>
#include <fstream>
#include <future>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fault/faulty_store.h"

namespace hark::fault {
namespace {

class StoreFaultTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(faulty_.OpenFilled());
    ASSERT_EQ(Shown(), 4U);
  }

  // Messages of the conversation, by a read; 0 when it fails.
  std::size_t Shown() {
    const auto page = faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
    return page ? page->messages.size() : 0;
  }
  std::size_t Pending() {
    const auto outbox = faulty_.store().ReadOutbox();
    return outbox ? outbox->entries.size() : 999;
  }
  // Entries of the outbox that would send it.
  std::size_t Waiting(const MessageId& id) {
    const auto outbox = faulty_.store().ReadOutbox();
    if (!outbox) return 999;
    return static_cast<std::size_t>(
        std::count_if(outbox->entries.begin(), outbox->entries.end(),
                      [&](const OutboxEntry& entry) { return entry.message == id; }));
  }
  Sequence ReadUpTo() {
    return faulty_.store().GetConversation(ConversationId("A"))->read_sequence;
  }
  static ErrorCode CodeOf(const Result<Message>& result) {
    return result ? ErrorCode::kNotFound : result.error().code;
  }
  static store::Batch OneMore(Sequence sequence, const std::string& content = "text") {
    return {
        {store::ApplyMessage{TestMessage("A", "m" + std::to_string(sequence), sequence, content)}}};
  }

  FaultyStore faulty_;
};

TEST_F(StoreFaultTest, FullDiskRefusesTheCallAndNothingElse) {
  Sequence next = 4;
  for (const char* file : {"authored.db-wal", "cache.db-wal"}) {
    SCOPED_TRACE(file);
    const std::size_t shown = Shown();
    const std::string id = std::string("sent on ") + file;
    faulty_.disk().Add({Operation::kWrite, file, 0, SQLITE_FULL, true});
    if (std::string(file) == "authored.db-wal") {
      EXPECT_EQ(CodeOf(faulty_.Send(TestMessage("A", id, 0, "text"))),
                ErrorCode::kResourceExhausted);
      EXPECT_EQ(Shown(), shown);
    } else {
      const auto applied = faulty_.Apply(OneMore(next));
      ASSERT_FALSE(applied);
      EXPECT_EQ(applied.error().code, ErrorCode::kResourceExhausted);
      EXPECT_EQ(Shown(), shown);
    }
    faulty_.disk().ClearFaults();
    // The very next call.
    ASSERT_TRUE(faulty_.Send(TestMessage("A", id, 0, "text")));
    ASSERT_TRUE(faulty_.Apply(OneMore(next++)));
  }
  EXPECT_EQ(Shown(), 4U + 2U + 2U);
}

TEST_F(StoreFaultTest, NoSpaceAtAll) {
  faulty_.disk().SetSpace(0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(CodeOf(faulty_.Send(TestMessage("A", "second", 0, "text"))),
              ErrorCode::kResourceExhausted);
    EXPECT_FALSE(faulty_.MarkRead("A"));
    EXPECT_FALSE(faulty_.Apply(OneMore(4)));
    EXPECT_EQ(Shown(), 4U);
    EXPECT_EQ(Pending(), 1U);
    EXPECT_EQ(ReadUpTo(), 0U);
  }
  faulty_.disk().SetSpace(std::nullopt);
  EXPECT_TRUE(faulty_.Send(TestMessage("A", "second", 0, "text")));
  EXPECT_TRUE(faulty_.MarkRead("A"));
  EXPECT_TRUE(faulty_.Apply(OneMore(4)));
  EXPECT_EQ(Shown(), 6U);
  EXPECT_EQ(ReadUpTo(), 3U);
}

TEST_F(StoreFaultTest, ASendOnAFullDiskIsNeverDurableByItself) {
  // As much space as is there: up to the byte at which the commit is complete.
  std::mt19937_64 random(7);
  for (std::uint64_t space = 0;; space += 2'048) {
    const std::string id = "with " + std::to_string(space);
    faulty_.disk().SetSpace(space);
    const auto sent = faulty_.Send(TestMessage("A", id, 0, "text"));
    faulty_.LosePower(random);
    ASSERT_TRUE(faulty_.Open());
    const auto found = faulty_.store().ReadMessage(MessageId(id));
    if (sent) {
      EXPECT_TRUE(found) << "seed 7, space " << space;
      break;
    }
    EXPECT_EQ(CodeOf(sent), ErrorCode::kResourceExhausted);
    ASSERT_TRUE(faulty_.Send(TestMessage("A", id, 0, "text")));
    EXPECT_TRUE(faulty_.store().ReadMessage(MessageId(id)));
    ASSERT_LT(space, 1'000'000U);
  }
}

TEST_F(StoreFaultTest, AFailedSyncIsNotRetriedOnItsDescriptor) {
  for (int i = 0; i < 5; ++i) {
    faulty_.disk().Add({Operation::kSync, "authored.db-wal"});
    // The group's second try is on a new connection.
    EXPECT_TRUE(faulty_.Send(TestMessage("A", "s" + std::to_string(i), 0, "text")));
  }
  faulty_.disk().Add({Operation::kSync, "", 0, 0, true});
  EXPECT_EQ(CodeOf(faulty_.Send(TestMessage("A", "last", 0, "text"))),
            ErrorCode::kResourceExhausted);
  EXPECT_FALSE(faulty_.store().ReadMessage(MessageId("last")));
  EXPECT_EQ(Shown(), 9U);
  faulty_.disk().ClearFaults();
  EXPECT_TRUE(faulty_.Send(TestMessage("A", "last", 0, "text")));
  EXPECT_GT(faulty_.disk().counts().failed, 5U);
  EXPECT_EQ(faulty_.disk().counts().retried_syncs, 0U);
}

TEST_F(StoreFaultTest, ACommitWhoseSyncFailedIsNotFoundInTheLog) {
  faulty_.Close();
  ASSERT_TRUE(faulty_.Open());  // Nobody has read: only the writer has the files open.
  faulty_.disk().Add({Operation::kSync, "authored.db-wal", 0, 0, true});
  EXPECT_EQ(CodeOf(faulty_.Send(TestMessage("A", "second", 0, "text"))),
            ErrorCode::kResourceExhausted);
  EXPECT_FALSE(faulty_.store().ReadMessage(MessageId("second")));
  EXPECT_EQ(Pending(), 1U);
}

// Regression: its frames stay behind those of the next commit, which is shorter, and were taken for
// commits that damage keeps SQLite from seeing. The store was salvaged after the next kill.
TEST_F(StoreFaultTest, WhatAFailedCommitLeftInTheLogIsNoDamage) {
  const std::string text(50'000, 'x');
  faulty_.disk().Add({Operation::kSync, "authored.db-wal", 0, 0, true});
  EXPECT_EQ(CodeOf(faulty_.Send(TestMessage("A", "second", 0, text))),
            ErrorCode::kResourceExhausted);
  faulty_.disk().ClearFaults();
  ASSERT_TRUE(faulty_.Send(TestMessage("A", "third", 0, "text")));
  EXPECT_TRUE(faulty_.store().Verify().good());
  faulty_.Kill();
  ASSERT_TRUE(faulty_.Open());
  EXPECT_FALSE(faulty_.store().LastRepair().any());
  EXPECT_EQ(Pending(), 2U);
}

TEST_F(StoreFaultTest, WhatWasAnsweredAfterAFailedSyncSurvivesAPowerLoss) {
  faulty_.Close();
  faulty_.SetWritesByHand(true);
  ASSERT_TRUE(faulty_.Open());
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    const std::string id = "s" + std::to_string(seed);
    // Commits of the cache are in its log unsynced, when the sync for the removal fails.
    ASSERT_TRUE(faulty_.Apply(OneMore(4 + 2 * seed)));
    ASSERT_TRUE(faulty_.Send(TestMessage("A", id, 0, "text")));
    ASSERT_TRUE(faulty_.Apply({{store::AcknowledgeSend{MessageId(id), "", 5 + 2 * seed, 1}}}));
    const std::uint64_t failed = faulty_.disk().counts().failed;
    faulty_.disk().Add({Operation::kSync, seed % 2 == 0 ? "cache.db-wal" : "authored.db-wal"});
    faulty_.store().RunIdleWriter();
    EXPECT_GT(faulty_.disk().counts().failed, failed);
    faulty_.store().RunIdleWriter();
    ASSERT_TRUE(faulty_.Send(TestMessage("A", id + " later", 0, "text")));
    faulty_.LosePower(random);
    ASSERT_TRUE(faulty_.Open());
    const auto moved = faulty_.store().ReadMessage(MessageId(id));
    ASSERT_TRUE(moved) << "seed " << seed;
    EXPECT_EQ(moved->delivery, Delivery::kSent) << "seed " << seed;
    EXPECT_TRUE(faulty_.store().ReadMessage(MessageId(id + " later"))) << "seed " << seed;
  }
  EXPECT_EQ(faulty_.disk().counts().retried_syncs, 0U);
}

// The entry of the outbox is what shows the message as deleted until the cache does.
TEST_F(StoreFaultTest, ADeletionThatTheStreamShowedAsDoneSurvivesAPowerLoss) {
  faulty_.SetWritesByHand(true);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Sequence sequence = 4 + seed;
    const MessageId id("m" + std::to_string(sequence));
    faulty_.Close();
    ASSERT_TRUE(faulty_.Open());
    ASSERT_TRUE(faulty_.Apply(OneMore(sequence)));
    faulty_.Close();  // So that the message itself is on the disk.
    ASSERT_TRUE(faulty_.Open());
    Answer<Message> deleted;
    faulty_.store().Act({ConversationId("A"), id, DeleteMessage{}}, deleted.Done());
    faulty_.store().RunWriter();
    ASSERT_TRUE(deleted.Wait());
    Message tombstone = TestMessage("A", id.value(), sequence, "");
    tombstone.deleted = true;
    tombstone.revision = 2;
    ASSERT_TRUE(faulty_.Apply({{store::ApplyMessage{std::move(tombstone)}}}));
    ASSERT_EQ(Waiting(id), 0U);
    faulty_.LosePower(random);
    ASSERT_TRUE(faulty_.Open());
    const auto found = faulty_.store().ReadMessage(id);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->deleted);
  }
}

TEST_F(StoreFaultTest, AReadPositionThatWasAcknowledgedSurvivesAPowerLoss) {
  faulty_.SetWritesByHand(true);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Sequence sequence = 4 + seed;
    faulty_.Close();
    ASSERT_TRUE(faulty_.Open());
    ASSERT_TRUE(faulty_.Apply(OneMore(sequence)));
    faulty_.Close();
    ASSERT_TRUE(faulty_.Open());
    ASSERT_TRUE(faulty_.MarkRead("A"));
    ASSERT_TRUE(faulty_.Apply({{store::AcknowledgeRead{ConversationId("A"), sequence}}}));
    // At any moment from the acknowledgement to the end of what is done when nobody waits.
    faulty_.disk().PowerOffAt(1 + seed);
    (void)faulty_.store().RunIdleWriter();
    faulty_.LosePower(random);
    ASSERT_TRUE(faulty_.Open());
    EXPECT_EQ(ReadUpTo(), sequence);
  }
}

TEST_F(StoreFaultTest, AnAcknowledgedMarkerIsNotPendingWhateverFailsWhileItIsRemoved) {
  faulty_.Close();
  faulty_.SetWritesByHand(true);
  ASSERT_TRUE(faulty_.Open());
  const auto pending = [this] {
    EXPECT_EQ(faulty_.store().Statistics()->outbox, Pending());
    return Pending();
  };
  bool reached = true;
  for (std::uint64_t after = 0; reached; ++after) {
    SCOPED_TRACE("failure after " + std::to_string(after) + " operations");
    const Sequence sequence = 4 + after;
    ASSERT_TRUE(faulty_.Apply(OneMore(sequence)));
    ASSERT_TRUE(faulty_.MarkRead("A"));
    ASSERT_EQ(pending(), 2U);
    ASSERT_TRUE(faulty_.Apply({{store::AcknowledgeRead{ConversationId("A"), sequence}}}));
    EXPECT_EQ(pending(), 1U);
    ASSERT_TRUE(faulty_.Apply({{store::MarkSending{{1}}, store::ConnectionLost{}}}));
    EXPECT_EQ(pending(), 1U);
    faulty_.disk().ResetCounts();
    faulty_.disk().Add({Operation::kWrite, "", after, 0, true});
    (void)faulty_.store().RunIdleWriter();
    reached = faulty_.disk().counts().failed > 0;
    EXPECT_EQ(pending(), 1U);
    faulty_.disk().ClearFaults();
    (void)faulty_.store().RunIdleWriter();
    EXPECT_EQ(pending(), 1U);
    ASSERT_LT(after, 100U);
  }
}

// A sync of the next run would succeed, and let a checkpoint copy what is not on the disk: if power
// is lost then, the file has pages of several states.
TEST_F(StoreFaultTest, WhatAnEndedRunCouldNotSyncOfTheCacheIsWrittenAgainBeforeItIsCopied) {
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Sequence sequence = 4 + 3 * seed;
    const std::string id = "s" + std::to_string(seed);
    faulty_.Close();
    faulty_.SetWritesByHand(true);
    ASSERT_TRUE(faulty_.Open());
    ASSERT_TRUE(faulty_.Send(TestMessage("A", id, 0, "text")));
    ASSERT_TRUE(faulty_.Apply(OneMore(sequence, std::string(9'000, 'x'))));
    ASSERT_TRUE(faulty_.Apply({{store::AcknowledgeSend{MessageId(id), "", sequence + 1, 1}}}));
    faulty_.disk().Add({Operation::kSync, "cache.db-wal", 0, 0, true});
    (void)faulty_.store().RunIdleWriter();
    faulty_.Kill();
    faulty_.disk().PowerOffAt(100 + 2 * seed);
    if (faulty_.Open()) faulty_.Close();
    faulty_.LosePower(random);
    ASSERT_TRUE(faulty_.Open());
    EXPECT_FALSE(faulty_.store().LastRepair().any());
    const auto page = faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_TRUE(faulty_.store().Verify().good());
    EXPECT_TRUE(faulty_.store().ReadMessage(MessageId(id)));
    ASSERT_TRUE(faulty_.Apply(OneMore(sequence + 2)));
  }
}

// A power loss may take commits of the cache that were announced, one from between two that stay
// included (what authored.db promised is added again). So who resumes over it reads again.
TEST_F(StoreFaultTest, StreamsReadAgainAfterAPowerLossButResumeAfterAnEnd) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const store::ChangesQuery resumed{faulty_.store().CurrentRevision(), ConversationId("A")};
    ASSERT_TRUE(faulty_.Apply(OneMore(4 + seed)));
    ASSERT_TRUE(faulty_.Send(TestMessage("A", "s" + std::to_string(seed), 0, "text")));
    faulty_.Close();
    ASSERT_TRUE(faulty_.Open());
    const auto changes = faulty_.store().ReadChanges(resumed);
    ASSERT_TRUE(changes && *changes);
    EXPECT_EQ((*changes)->changes.messages.size(), 2U);
    faulty_.LosePower(random);
    ASSERT_TRUE(faulty_.Open());
    const auto lost = faulty_.store().ReadChanges(resumed);
    ASSERT_TRUE(lost);
    EXPECT_FALSE(*lost);
  }
}

// Whatever fails while it is removed from authored.db, an acknowledged send is there once, and is
// not sent again while the daemon runs.
TEST_F(StoreFaultTest, SettledSendIsThereOnceWhateverFailsWhileItIsRemoved) {
  faulty_.Close();
  faulty_.SetWritesByHand(true);
  ASSERT_TRUE(faulty_.Open());
  bool reached = true;
  Sequence sequence = 3;
  for (std::uint64_t n = 0; reached; ++n) {
    SCOPED_TRACE("failure after " + std::to_string(n) + " operations");
    const MessageId id("settled " + std::to_string(n));
    ASSERT_TRUE(faulty_.Send(TestMessage("A", id.value(), 0, "text")));
    ASSERT_TRUE(faulty_.Apply({{store::AcknowledgeSend{id, "", ++sequence, 1}}}));
    const std::uint64_t failed = faulty_.disk().counts().failed;
    if (n % 2 == 0) {
      faulty_.disk().Add({std::nullopt, "", n / 2});
    } else {
      faulty_.disk().PowerOffAt(n / 2 + 1);
    }
    faulty_.store().RunIdleWriter();
    reached = n % 2 == 0 || faulty_.disk().counts().failed > failed;
    faulty_.disk().ClearFaults();
    if (n % 2 == 0) {
      EXPECT_EQ(Waiting(id), 0U);
    } else {
      std::mt19937_64 random(n);
      faulty_.LosePower(random);
      ASSERT_TRUE(faulty_.Open());
      // What the power loss took of the cache is pending again: the backend knows its id.
      ASSERT_TRUE(faulty_.Apply({{store::AcknowledgeSend{id, "", sequence, 1}}}));
    }
    EXPECT_EQ(Waiting(id), 0U);
    const auto page = faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
    ASSERT_TRUE(page);
    EXPECT_EQ(std::count_if(page->messages.begin(), page->messages.end(),
                            [&](const Message& message) { return message.id == id; }),
              1);
    EXPECT_EQ(page->total_count, page->messages.size());
    EXPECT_EQ(faulty_.store().ReadMessage(id)->delivery, Delivery::kSent);
  }
  EXPECT_EQ(faulty_.disk().counts().retried_syncs, 0U);
}

TEST_F(StoreFaultTest, OneFailedReadIsNotSeen) {
  faulty_.Close();
  ASSERT_TRUE(faulty_.Open());
  for (std::uint64_t after = 0; after < 30; ++after) {
    faulty_.disk().Add({Operation::kRead, "", after});
    EXPECT_EQ(Shown(), 4U) << after;
    faulty_.disk().ClearFaults();
  }
}

// SQLite gives the transaction up by itself when the memory for a page is missing, and the first
// page of a snapshot is read before anybody has asked for anything.
TEST_F(StoreFaultTest, AReadThatSqliteGaveUpIsTriedAgainToo) {
  faulty_.Close();
  for (const int code : {SQLITE_NOMEM, SQLITE_IOERR_NOMEM, SQLITE_IOERR_READ}) {
    for (const char* file : {"authored.db", "cache.db"}) {
      for (std::uint64_t after = 0; after < 12; ++after) {
        SCOPED_TRACE(std::string(file) + " " + std::to_string(code) + " after " +
                     std::to_string(after));
        ASSERT_TRUE(faulty_.Open());
        faulty_.disk().Add({Operation::kRead, file, after, code});
        const auto page = faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
        faulty_.disk().ClearFaults();
        EXPECT_TRUE(page) << page.error().message;
        faulty_.Close();
      }
    }
  }
}

TEST_F(StoreFaultTest, FailingReadsAreAnErrorThatEnds) {
  faulty_.Close();
  ASSERT_TRUE(faulty_.Open());
  faulty_.disk().Add({Operation::kRead, "cache.db", 0, 0, true});
  const auto page = faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::kResourceExhausted);
  faulty_.disk().ClearFaults();
  EXPECT_EQ(Shown(), 4U);
  EXPECT_TRUE(faulty_.damaged().empty());
}

TEST_F(StoreFaultTest, AFailedOpenChangesNothing) {
  faulty_.Close();
  bool opened = false;
  for (std::uint64_t after = 0; !opened; ++after) {
    faulty_.disk().Add({std::nullopt, "", after});
    const auto result = faulty_.Open();
    faulty_.disk().ClearFaults();
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::kResourceExhausted) << result.error().message;
      ASSERT_TRUE(faulty_.Open()) << after;
    } else {
      opened = after > 20 && faulty_.disk().counts().failed < after;
    }
    ASSERT_EQ(Shown(), 4U) << after;
    faulty_.Close();
    ASSERT_LT(after, 500U);
  }
}

TEST_F(StoreFaultTest, AFailingCheckpointLosesNothing) {
  // By hand, so that a checkpoint has been tried when a batch is answered.
  faulty_.Close();
  faulty_.SetWritesByHand(true);
  ASSERT_TRUE(faulty_.Open());
  Sequence next = 4;
  for (const Operation operation : {Operation::kWrite, Operation::kSync}) {
    faulty_.disk().Add({operation, "cache.db", 0, 0, true});
    for (int i = 0; i < 6; ++i)
      EXPECT_TRUE(faulty_.Apply(OneMore(next++, std::string(1'000'000, 'x')))) << next;
    EXPECT_GT(faulty_.disk().counts().failed, 0U);
    faulty_.disk().ClearFaults();
    faulty_.disk().ResetCounts();
  }
  ASSERT_TRUE(faulty_.Apply(OneMore(next, std::string(3'000'000, 'x'))));
  EXPECT_GT(faulty_.SizeOf("cache.db"), 12'000'000U);
  std::mt19937_64 random(1);
  faulty_.LosePower(random);
  ASSERT_TRUE(faulty_.Open());
  // The end may be gone, as cache.db is only fetched; what the log had before a checkpoint may not.
  Sequence found = 0;
  while (faulty_.store().ReadMessage(MessageId("m" + std::to_string(found + 1)))) ++found;
  EXPECT_GE(found, 9U);
  for (Sequence i = found + 1; i <= next; ++i)
    EXPECT_FALSE(faulty_.store().ReadMessage(MessageId("m" + std::to_string(i)))) << i;
  EXPECT_EQ(faulty_.disk().counts().retried_syncs, 0U);
}

TEST_F(StoreFaultTest, AReadMarkerWhoseCallFailedIsNotVisible) {
  // In a group with the acknowledgement of a send, which commits cache.db first.
  Answer<LocalRevision> acknowledged;
  Answer<Conversation> marked;
  {
    HeldWriter held(faulty_.store());
    faulty_.store().Apply({{store::AcknowledgeSend{MessageId("first"), "", 4, 1}}},
                          acknowledged.Done());
    faulty_.store().MarkRead({ConversationId("A"), std::nullopt}, marked.Done());
    faulty_.disk().Add({Operation::kWrite, "authored.db-wal", 0, SQLITE_FULL, true});
  }
  const auto result = marked.Wait();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kResourceExhausted) << result.error().message;
  EXPECT_EQ(ReadUpTo(), 0U);
  EXPECT_TRUE(acknowledged.Wait());
  EXPECT_EQ(Shown(), 4U);
  faulty_.disk().ClearFaults();
  ASSERT_TRUE(faulty_.MarkRead("A"));
  EXPECT_EQ(ReadUpTo(), 4U);
}

// The row of a marker that was refused is gone with the first of the two commits, so that the
// second attempt does not find it any more. An engine that is not told keeps it under way, and goes
// round in circles.
TEST_F(StoreFaultTest, EntryThatIsGoneIsToldAlsoWhenTheSecondCommitOfItsGroupFails) {
  ASSERT_TRUE(faulty_.MarkRead("A"));
  std::uint64_t marker = 0;
  for (const OutboxEntry& entry : faulty_.store().ReadOutbox()->entries)
    if (entry.kind == OutboxKind::kMarkRead) marker = entry.position;
  ASSERT_NE(marker, 0U);
  faulty_.disk().Add({Operation::kWrite, "cache.db-wal"});
  ASSERT_TRUE(faulty_.Apply({{store::FailEntry{marker, {}}}}));
  EXPECT_TRUE(faulty_.left_outbox().contains(marker));
}

TEST_F(StoreFaultTest, DamageIsReportedOnceAndOnlyWhenANewConnectionSeesItToo) {
  faulty_.Close();
  ASSERT_TRUE(faulty_.Open());
  faulty_.disk().Add({Operation::kRead, "cache.db", 0, SQLITE_CORRUPT});
  EXPECT_EQ(Shown(), 4U);
  EXPECT_TRUE(faulty_.damaged().empty());
  faulty_.Close();
  ASSERT_TRUE(faulty_.Open());
  faulty_.disk().Add({Operation::kRead, "cache.db", 0, SQLITE_CORRUPT, true});
  for (int i = 0; i < 3; ++i) {
    const auto page = faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, ErrorCode::kCorrupt);
    EXPECT_FALSE(faulty_.Apply(OneMore(4)));
  }
  EXPECT_EQ(faulty_.damaged(), std::vector{store::File::kCache});
}

// Closing opens again what an error broke, to leave no log.
TEST_F(StoreFaultTest, WhatFailsOnceWhileTheWriterOpensAgainIsNoDamage) {
  faulty_.Close();
  faulty_.SetWritesByHand(true);
  bool reached = true;
  for (std::uint64_t after = 0; reached; ++after) {
    SCOPED_TRACE("after " + std::to_string(after) + " reads");
    ASSERT_TRUE(faulty_.Open());
    faulty_.disk().Add({Operation::kWrite, "cache.db-wal", 0, 0, true});
    EXPECT_FALSE(faulty_.Apply(OneMore(4)));
    faulty_.disk().ClearFaults();
    faulty_.disk().ResetCounts();
    faulty_.disk().Add({Operation::kRead, ".db", after, SQLITE_CORRUPT});
    faulty_.Close();
    reached = faulty_.disk().counts().failed > 0;
    faulty_.disk().ClearFaults();
    ASSERT_TRUE(faulty_.damaged().empty());
    ASSERT_LT(after, 100U);
  }
  ASSERT_TRUE(faulty_.Open());
  EXPECT_EQ(Waiting(MessageId("first")), 1U);
}

TEST_F(StoreFaultTest, DamagedPagesAreReportedByReadersAndByTheWriter) {
  faulty_.Close();
  // The search index, made in the background, may be first to see it.
  faulty_.SetWritesByHand(true);
  ASSERT_TRUE(faulty_.Open());
  store::Batch batch;
  // So that opening has nothing to look up.
  batch.operations.emplace_back(store::AcknowledgeSend{MessageId("first"), "", 4, 1});
  for (Sequence i = 5; i <= 1'000; ++i)
    batch.operations.emplace_back(
        store::ApplyMessage{TestMessage("A", "m" + std::to_string(i), i, std::string(500, 'x'))});
  ASSERT_TRUE(faulty_.Apply(batch));
  for (const bool by_reader : {true, false}) {
    SCOPED_TRACE(by_reader ? "reader" : "writer");
    // The cache was replaced after the first report: what was lost comes back.
    if (!by_reader) ASSERT_TRUE(faulty_.Apply(batch));
    faulty_.Close();
    {
      std::fstream file(faulty_.folder() / "cache.db",
                        std::ios::binary | std::ios::in | std::ios::out);
      for (std::uintmax_t at = 60 * 4096; at < faulty_.SizeOf("cache.db"); at += 4096) {
        file.seekp(static_cast<std::streamoff>(at + 100));
        file.write("damage", 6);
      }
    }
    const std::size_t reported = faulty_.damaged().size();
    ASSERT_TRUE(faulty_.Open());
    if (by_reader) {
      const auto page = faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
      ASSERT_FALSE(page);
      EXPECT_EQ(page.error().code, ErrorCode::kCorrupt);
    } else {
      // The search index may have come across it before, and the cache was mended then.
      const auto applied = faulty_.Apply(batch);
      if (!applied) {
        EXPECT_EQ(applied.error().code, ErrorCode::kCorrupt);
      }
    }
    ASSERT_EQ(faulty_.damaged().size(), reported + 1);
    EXPECT_EQ(faulty_.damaged().back(), store::File::kCache);
    // The other file is not affected.
    EXPECT_EQ(Pending(), 0U);
  }
}

TEST_F(StoreFaultTest, SendIsShownOnceAfterItsSettlingFailedTwice) {
  faulty_.Close();
  faulty_.SetWritesByHand(true);
  ASSERT_TRUE(faulty_.Open());
  Answer<Message> edited;
  faulty_.store().Act({ConversationId("A"), MessageId("m1"), EditMessage{"edited"}}, edited.Done());
  faulty_.store().RunWriter();
  ASSERT_TRUE(edited.Wait());
  std::uint64_t position = 0;
  for (const OutboxEntry& entry : faulty_.store().ReadOutbox()->entries)
    if (entry.kind == OutboxKind::kEdit) position = entry.position;
  ASSERT_TRUE(faulty_.Apply({{store::MarkSending{{position}}}}));
  faulty_.disk().Add({Operation::kWrite, "authored.db-wal", 0, SQLITE_FULL, true});
  ASSERT_FALSE(faulty_.Apply({{store::AcknowledgeSend{MessageId("first"), "", 4, 1},
                               store::AcknowledgeChange{position, 2}}}));
  faulty_.store().RunIdleWriter();
  const auto page = faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
  ASSERT_TRUE(page);
  EXPECT_EQ(std::count_if(page->messages.begin(), page->messages.end(),
                          [&](const Message& message) { return message.id == MessageId("first"); }),
            1);
  EXPECT_EQ(page->total_count, 4U);
}

TEST_F(StoreFaultTest, BatchesAreAnsweredInOrderAlsoWhenClientsFillTheQueue) {
  std::promise<void> in_answer;
  std::promise<void> go_on;
  auto wait = go_on.get_future();
  std::mutex mutex;
  std::vector<std::string> answers;
  const auto note = [&](const std::string& name) {
    return [&, name](const Result<LocalRevision>& result) {
      const std::lock_guard lock(mutex);
      answers.push_back(name + (result ? " done" : " failed"));
    };
  };
  {
    HeldWriter held(faulty_.store());
    // Any caller's answer on the writer's thread, between a commit and the answers of its group.
    faulty_.store().EnqueueSend({TestMessage("A", "s", 0, "text")}, [&](const Result<Message>&) {
      in_answer.set_value();
      wait.wait();
    });
    faulty_.store().Apply({{store::SetCursor{{"epoch", 1}}}, 5}, note("one"));
  }
  in_answer.get_future().wait();
  faulty_.store().Apply({{store::SetCursor{{"epoch", 2}}}, 5}, note("two"));
  Answer<LocalRevision> last;
  for (std::size_t i = 0; i < 4095; ++i)
    faulty_.store().RecordOpen(ConversationId("A"), WallTime(),
                               [](const Result<LocalRevision>&) {});
  faulty_.store().Apply({{store::SetCursor{{"epoch", 3}}}, 5}, note("three"));
  go_on.set_value();
  while (!faulty_.Apply({{store::SetSynced{WallTime(), true}}})) {
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(answers, (std::vector<std::string>{"one done", "two done", "three done"}));
}

}  // namespace
}  // namespace hark::fault
