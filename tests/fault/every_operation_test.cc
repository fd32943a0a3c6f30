// One group that writes both files, with a failure at every single operation on the disk in
// between. What was answered and what is there have to agree: now, after a power loss, and after
// calling again.

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <optional>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/fault/faulty_store.h"

namespace hark::fault {
namespace {

namespace fs = std::filesystem;

enum class Failure : std::uint8_t { kOnce, kLasting, kFullDisk, kPowerOff };

// The calls of the group and what each answered.
struct Answers {
  bool sent = false;
  bool marked = false;
  bool acknowledged = false;  // The send of the set-up, together with a cursor.
  bool applied = false;
};

class EveryOperationTest : public testing::TestWithParam<Failure> {
 protected:
  // Filled, with an edit that waits for its send, and closed.
  void SetUp() override {
    ASSERT_TRUE(faulty_.OpenFilled());
    const auto outbox = faulty_.store().ReadOutbox();
    ASSERT_EQ(outbox->entries.size(), 1U);
    ASSERT_TRUE(faulty_.Apply({{store::MarkSending{{outbox->entries[0].position}}}}));
    Answer<Message> edited;
    faulty_.store().Act({ConversationId("A"), MessageId("first"), EditMessage{"edited"}},
                        edited.Done());
    ASSERT_TRUE(edited.Wait());
    faulty_.Close();
    fs::copy(faulty_.folder(), template_, fs::copy_options::recursive);
  }

  void StartAfresh() {
    faulty_.Close();
    fs::remove_all(faulty_.folder());
    faulty_.disk().Forget();
    fs::copy(template_, faulty_.folder(), fs::copy_options::recursive);
    ASSERT_TRUE(faulty_.Open());
  }

  static store::Batch Acknowledgement() {
    return {{store::AcknowledgeSend{MessageId("first"), "", 4, 1}, store::SetCursor{{"epoch", 7}}}};
  }
  static store::Batch NextMessage() {
    return {{store::ApplyMessage{TestMessage("A", "m5", 5, "text")}}};
  }

  // In the order of the calls; those that are true in `already` are left out.
  Answers CallAll(const Answers& already) {
    Answer<Message> sent;
    Answer<Conversation> marked;
    Answer<LocalRevision> acknowledged;
    Answer<LocalRevision> applied;
    {
      HeldWriter held(faulty_.store());
      if (!already.sent)
        faulty_.store().EnqueueSend({TestMessage("A", "second", 0, "text")}, sent.Done());
      if (!already.marked)
        faulty_.store().MarkRead({ConversationId("A"), MessageId("m3")}, marked.Done());
      if (!already.acknowledged) faulty_.store().Apply(Acknowledgement(), acknowledged.Done());
      if (!already.applied) faulty_.store().Apply(NextMessage(), applied.Done());
    }
    Answers answers;
    answers.sent = already.sent || sent.Wait().has_value();
    answers.marked = already.marked || marked.Wait().has_value();
    answers.acknowledged = already.acknowledged || acknowledged.Wait().has_value();
    answers.applied = already.applied || applied.Wait().has_value();
    return answers;
  }

  void Arm(std::uint64_t n) {
    switch (GetParam()) {
      case Failure::kOnce: faulty_.disk().Add({std::nullopt, "", n}); break;
      case Failure::kLasting: faulty_.disk().Add({std::nullopt, "", n, 0, true}); break;
      case Failure::kFullDisk:
        faulty_.disk().Add({Operation::kWrite, "", n, SQLITE_FULL, true});
        break;
      case Failure::kPowerOff: faulty_.disk().PowerOffAt(n + 1); break;
    }
  }

  // `durable`: after a power loss, which may take what is only in cache.db.
  void Check(const Answers& answers, bool durable) {
    const auto page = faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
    ASSERT_TRUE(page) << page.error().message;
    std::multiset<std::string> ids;
    for (const Message& message : page->messages) ids.insert(message.id.value());
    for (const std::string& id : std::set<std::string>(ids.begin(), ids.end()))
      EXPECT_EQ(ids.count(id), 1U) << id;
    EXPECT_EQ(ids.count("first"), 1U);
    if (answers.sent) {
      EXPECT_EQ(ids.count("second"), 1U);
    } else if (!durable) {
      EXPECT_EQ(ids.count("second"), 0U) << "a send whose call failed leaves";
    }
    std::multiset<std::string> waiting;
    bool marker_waits = false;
    std::optional<std::uint64_t> base;  // Of the edit.
    const auto outbox = faulty_.store().ReadOutbox();
    ASSERT_TRUE(outbox) << outbox.error().message;
    for (const OutboxEntry& entry : outbox->entries) {
      if (entry.kind == OutboxKind::kSend) waiting.insert(entry.message.value());
      marker_waits = marker_waits || entry.kind == OutboxKind::kMarkRead;
      if (entry.kind == OutboxKind::kEdit) base = entry.base_revision;
    }
    EXPECT_EQ(waiting.count("second"), ids.count("second"));
    const auto first = faulty_.store().ReadMessage(MessageId("first"));
    ASSERT_TRUE(first);
    EXPECT_EQ(waiting.count("first"), first->delivery == Delivery::kSent ? 0U : 1U);
    if (answers.acknowledged && first->delivery == Delivery::kSent)
      EXPECT_EQ(base, 1U) << "the edit would never leave";
    const auto read = faulty_.store().GetConversation(ConversationId("A"))->read_sequence;
    if (answers.marked) {
      EXPECT_EQ(read, 3U);
      EXPECT_TRUE(marker_waits);
    } else if (!durable) {
      EXPECT_EQ(read, 0U) << "a marker whose call failed is visible";
    }
    const auto state = faulty_.store().ReadSyncState();
    ASSERT_TRUE(state);
    if (state->cursor) EXPECT_EQ(first->delivery, Delivery::kSent) << "the cursor is ahead";
    if (answers.acknowledged && !durable) EXPECT_EQ(first->delivery, Delivery::kSent);
    if (answers.applied && !durable) EXPECT_EQ(ids.count("m5"), 1U);
  }

  FaultyStore faulty_;
  const fs::path template_ = faulty_.scratch() / "template";
};

TEST_P(EveryOperationTest, AnswerAndDiskAgree) {
  bool reached = true;
  std::uint64_t n = 0;
  for (; reached; ++n) {
    SCOPED_TRACE("failure after " + std::to_string(n) + " operations");
    ASSERT_NO_FATAL_FAILURE(StartAfresh());
    const LocalRevision revision = faulty_.store().CurrentRevision();
    faulty_.disk().ResetCounts();
    Arm(n);
    const Answers answers = CallAll({});
    reached = faulty_.disk().counts().failed > 0;
    const bool lost_power = GetParam() == Failure::kPowerOff && reached;
    faulty_.disk().ClearFaults();
    std::mt19937_64 random(n);
    if (lost_power) {
      faulty_.LosePower(random);
      ASSERT_TRUE(faulty_.Open());
    } else {
      faulty_.disk().PowerOn();
    }
    ASSERT_NO_FATAL_FAILURE(Check(answers, lost_power));
    EXPECT_EQ(faulty_.disk().counts().retried_syncs, 0U);
    // The same calls again.
    const Answers again = CallAll(lost_power ? Answers() : answers);
    EXPECT_TRUE(again.sent && again.marked && again.acknowledged && again.applied);
    ASSERT_NO_FATAL_FAILURE(Check(again, false));
    EXPECT_GT(faulty_.store().CurrentRevision(), revision);
    faulty_.LosePower(random);
    ASSERT_TRUE(faulty_.Open());
    ASSERT_NO_FATAL_FAILURE(Check(again, true));
    if (HasFailure()) return;
  }
  EXPECT_GT(n, 10U);
  std::cout << n - 1 << " places to fail at\n";
}

INSTANTIATE_TEST_SUITE_P(Failures, EveryOperationTest,
                         testing::Values(Failure::kOnce, Failure::kLasting, Failure::kFullDisk,
                                         Failure::kPowerOff),
                         [](const auto& info) {
                           switch (info.param) {
                             case Failure::kOnce: return "Once";
                             case Failure::kLasting: return "Lasting";
                             case Failure::kFullDisk: return "FullDisk";
                             case Failure::kPowerOff: return "PowerOff";
                           }
                           return "";
                         });

}  // namespace
}  // namespace hark::fault
