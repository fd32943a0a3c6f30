// What is read of authored.db when frames of its log are damaged, each frame in each way.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/store/page_source.h"
#include "daemon/store/salvage_scan.h"
#include "daemon/store/state_file.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::size_t kFrameBytes = kFrameHeaderBytes + kFilePageBytes;
constexpr std::size_t kLongBytes = 12'000;

using Texts = std::map<std::string, std::string>;
using History = std::map<std::string, std::set<std::string>>;

class SalvageTest : public StoreFixture {
 protected:
  void Draft(SqlcipherStore& store, const std::string& conversation, const std::string& text) {
    UserStateChanges changes;
    changes.drafts.push_back({ConversationId(conversation), text, ++version_, WallTime{}});
    ASSERT_TRUE(SaveNow(store, std::move(changes)));
    written_[conversation].insert(text);
    newest_[conversation] = text;
  }

  // As a kill would leave the files.
  void Kill(std::unique_ptr<SqlcipherStore> store) {
    LeaveAsKilled(std::move(store));
    log_ = test::ReadBytes(log_file());
    ASSERT_GT(Frames(), 0U);
  }

  void LeaveAsKilled(std::unique_ptr<SqlcipherStore> store) {
    const fs::path copy = temporary().path() / "copy";
    fs::copy(folder(), copy, fs::copy_options::recursive);
    store.reset();
    fs::remove_all(folder());
    fs::rename(copy, folder());
  }

  [[nodiscard]] fs::path log_file() const { return authored_file().string() + "-wal"; }
  // Of the present log: what an earlier one left behind them has other salts.
  [[nodiscard]] std::size_t Frames() const {
    std::size_t frames = 0;
    while (FrameAt(frames + 1) <= log_.size() &&
           log_.compare(FrameAt(frames) + 8, 8, log_, 16, 8) == 0)
      ++frames;
    return frames;
  }
  static std::size_t FrameAt(std::size_t frame) { return kHeaderBytes + frame * kFrameBytes; }
  [[nodiscard]] PageSource Pages() const {
    return {authored_file(), Secret(std::string(kAuthoredKey)),
            ReadStoreState(folder() / "store.state").authored.salt};
  }

  // The first text of each conversation, as the salvage takes them.
  [[nodiscard]] Texts Salvage() const {
    const PageSource pages = Pages();
    SalvageScan scan(pages, ReadStoreState(folder() / "store.state").authored.roots);
    Texts texts;
    scan.Walk("drafts", [&texts](const FoundRow& row) {
      ASSERT_GE(row.values.size(), 5U);
      texts.emplace(row.values[1].bytes, row.values[4].bytes);
    });
    return texts;
  }

  // With `damage` done to one frame of the log.
  Texts SalvageWith(std::size_t frame,
                    const std::function<void(std::string&, std::size_t)>& damage) {
    std::string bytes = log_;
    damage(bytes, FrameAt(frame));
    test::WriteBytes(log_file(), bytes);
    return Salvage();
  }

  // A later frame has the same page.
  [[nodiscard]] bool IsSuperseded(std::size_t frame) const {
    for (std::size_t later = frame + 1; later < Frames(); ++later) {
      if (log_.compare(FrameAt(later), 4, log_, FrameAt(frame), 4) == 0) return true;
    }
    return false;
  }

  // Answers how many frames are of before the last commit, which has several.
  std::size_t KillInACommit() {
    constexpr std::uint64_t kSeed = 11;
    std::mt19937_64 random(kSeed);
    std::size_t kept = 0;
    auto store = Open(folder());
    for (int i = 0; i < 12; ++i) {
      kept = Frames();
      before_ = newest_;
      Draft(*store, std::string(1, static_cast<char>('A' + random() % 4)),
            std::string(random() % 2 == 0 ? kLongBytes - random() % 9'000 : random() % 900,
                        static_cast<char>('a' + i)));
      log_ = test::ReadBytes(log_file());
    }
    Kill(std::move(store));
    EXPECT_LT(kept + 2, Frames()) << "the last commit has one page";
    return kept;
  }

  // A conversation and a send that waits in it; what follows is in the log as well.
  void Send(SqlcipherStore& store) {
    ASSERT_TRUE(ApplyNow(store, {{TestSummary("A", 0)}}));
    ASSERT_TRUE(SendNow(store, TestMessage("A", 0, "text")));
  }

  // With each page of the log damaged, and the process killed.
  void ForEachDamagedPage(const std::function<void(SqlcipherStore&)>& expect) {
    const fs::path killed = temporary().path() / "killed";
    fs::rename(folder(), killed);
    for (std::size_t frame = 0; frame < Frames(); ++frame) {
      SCOPED_TRACE("frame " + std::to_string(frame) + " of " + std::to_string(Frames()));
      fs::remove_all(folder());
      fs::copy(killed, folder(), fs::copy_options::recursive);
      std::string bytes = log_;
      bytes[FrameAt(frame) + kFrameHeaderBytes + 2'000] ^= 1;
      test::WriteBytes(log_file(), bytes);
      const auto store = Open(folder());
      EXPECT_TRUE(store->LastRepair().authored_replaced);
      expect(*store);
    }
  }

  // With each frame behind `kept`, but the last, damaged in two ways.
  void ForEachTorn(std::size_t kept, const std::function<void()>& expect) {
    const fs::path killed = temporary().path() / "killed";
    fs::rename(folder(), killed);
    for (std::size_t frame = kept; frame + 1 < Frames(); ++frame) {
      SCOPED_TRACE("frame " + std::to_string(frame) + " of " + std::to_string(Frames()));
      for (const std::size_t from : {std::size_t{0}, kFrameHeaderBytes}) {
        fs::remove_all(folder());
        fs::copy(killed, folder(), fs::copy_options::recursive);
        std::string bytes = log_;
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(FrameAt(frame) + from),
                    kFilePageBytes, '\0');
        test::WriteBytes(log_file(), bytes);
        expect();
      }
    }
  }

  static Texts Drafts(SqlcipherStore& store) {
    const auto drafts = store.ReadDrafts();
    Texts texts;
    EXPECT_TRUE(drafts);
    for (const hark::Draft& draft : drafts ? *drafts : std::vector<hark::Draft>())
      texts[draft.conversation.value()] = draft.text;
    return texts;
  }

  void ExpectWritten(const Texts& texts) const {
    for (const auto& [conversation, text] : texts)
      EXPECT_TRUE(written_.at(conversation).contains(text)) << "of " << conversation;
  }

  std::uint64_t version_ = 100;  // 0 and 1 take no byte in a row: it would change its length.
  History written_;
  Texts newest_;
  Texts before_;  // The last commit.
  std::string log_;
};

void FlipPage(std::string& bytes, std::size_t frame) {
  bytes[frame + kFrameHeaderBytes + 2'000] ^= 1;
}

void FlipNumber(std::string& bytes, std::size_t frame) {
  bytes[frame + 3] ^= 1;
}

void LoseNumber(std::string& bytes, std::size_t frame) {
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(frame), 4, '\xff');
}

void FlipChecksum(std::string& bytes, std::size_t frame) {
  bytes[frame + 17] ^= 0x55;
}

void LoseChecksum(std::string& bytes, std::size_t frame) {
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(frame) + 16, 8, '\xff');
}

void LoseHeaderButChecksum(std::string& bytes, std::size_t frame) {
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(frame), 16, '\xff');
}

void FlipSalt(std::string& bytes, std::size_t frame) {
  bytes[frame + 9] ^= 1;
}

// The two have the same length, so that the second is written over the pages of the first.
TEST_F(SalvageTest, ADraftIsNeverMixedOfTwo) {
  {
    auto store = Open(folder());
    Draft(*store, "A", std::string(kLongBytes, 'a'));
    Draft(*store, "B", "short");
    Draft(*store, "A", std::string(kLongBytes, 'b'));
    Draft(*store, "C", "after it");
    Kill(std::move(store));
  }
  ASSERT_EQ(Salvage(), newest_);
  std::size_t lost = 0;
  for (std::size_t frame = 0; frame < Frames(); ++frame) {
    SCOPED_TRACE("frame " + std::to_string(frame));
    const Texts with_page = SalvageWith(frame, FlipPage);
    ExpectWritten(with_page);
    if (with_page != newest_) ++lost;
    ExpectWritten(SalvageWith(frame, [](std::string& bytes, std::size_t at) {
      FlipPage(bytes, at);
      LoseNumber(bytes, at);
      FlipSalt(bytes, at);
    }));
  }
  EXPECT_GT(lost, 0U) << "no frame of the drafts was hit";
}

// The number of the page is in the page's HMAC.
TEST_F(SalvageTest, AFrameWhoseHeaderAloneIsDamagedIsUsed) {
  {
    auto store = Open(folder());
    Draft(*store, "A", std::string(kLongBytes, 'a'));
    Draft(*store, "A", std::string(kLongBytes, 'b'));
    Draft(*store, "B", "short");
    Kill(std::move(store));
  }
  for (std::size_t frame = 0; frame < Frames(); ++frame) {
    SCOPED_TRACE("frame " + std::to_string(frame));
    EXPECT_EQ(SalvageWith(frame, FlipNumber), newest_);
    EXPECT_EQ(SalvageWith(frame, LoseNumber), newest_);
    EXPECT_EQ(SalvageWith(frame, FlipChecksum), newest_);
    if (frame + 1 == Frames()) continue;  // No other proves it.
    EXPECT_EQ(SalvageWith(frame, FlipSalt), newest_);
    EXPECT_EQ(SalvageWith(frame, LoseChecksum), newest_);
    EXPECT_EQ(SalvageWith(frame, LoseHeaderButChecksum), newest_);
  }
}

// Regression: where a power loss took the write of a frame, or of its page alone, that of an
// earlier log is there, whole. It was taken for one of this log, and its page for the newest.
TEST_F(SalvageTest, AFrameThatAnEarlierLogLeftIsNoNewerVersion) {
  const auto write = [this](const std::string& text) {
    auto store = Open(folder());
    Draft(*store, "A", text);
    Draft(*store, "B", "of " + text);
    return store;
  };
  Kill(write("first"));
  const std::string earlier = log_;
  const std::size_t earlier_frames = Frames();
  write("second").reset();  // Copied into the file.
  Kill(write("third"));
  ASSERT_EQ(Salvage(), newest_);
  for (std::size_t frame = 0; frame < Frames(); ++frame) {
    for (std::size_t left = 0; left < earlier_frames; ++left) {
      SCOPED_TRACE("frame " + std::to_string(left) + " of before at " + std::to_string(frame));
      // The whole frame, its page, and several frames, which fit each other.
      const std::size_t run =
          kFrameBytes * std::min({std::size_t{4}, Frames() - 1 - frame, earlier_frames - left});
      for (const auto& [from, size] : {std::pair(std::size_t{0}, kFrameBytes),
                                       {kFrameHeaderBytes, kFilePageBytes},
                                       {std::size_t{0}, run}}) {
        const Texts texts = SalvageWith(frame, [&](std::string& bytes, std::size_t at) {
          bytes.replace(at + from, size, earlier, FrameAt(left) + from, size);
        });
        for (const auto& [conversation, text] : texts)
          EXPECT_FALSE(text.ends_with("first")) << "of " << conversation;
      }
    }
  }
}

// Regression: the last commit is torn, and its last frame is whole. A draft of before it was given
// up, as a frame of any page is damaged after the draft's.
TEST_F(SalvageTest, WhatWasKeptBeforeADamagedCommitStays) {
  const std::size_t kept = KillInACommit();
  ForEachTorn(kept, [this] {
    const auto store = Open(folder());
    EXPECT_TRUE(store->LastRepair().authored_replaced);
    const Texts texts = Drafts(*store);
    ExpectWritten(texts);
    EXPECT_EQ(texts.size(), newest_.size());
  });
}

// Regression: where its row was taken from an earlier page, it was back, and would have been sent.
TEST_F(SalvageTest, AWithdrawnSendDoesNotComeBack) {
  auto store = Open(folder());
  Send(*store);
  const MessageId id = TestMessage("A", 0, "").id;
  ASSERT_TRUE(ActNow(*store, {ConversationId("A"), id, EditMessage{"other text"}}));
  const std::size_t kept = test::ReadBytes(log_file()).size();
  ASSERT_TRUE(ActNow(*store, {ConversationId("A"), id, CancelMessage{}}));
  Kill(std::move(store));
  std::size_t gone = 0;
  std::size_t frame = 0;
  ForEachDamagedPage([&](SqlcipherStore& salvaged) {
    if (FrameAt(frame++) < kept) return;
    ++gone;
    EXPECT_FALSE(salvaged.ReadMessage(id));
    EXPECT_TRUE(salvaged.ReadOutbox()->entries.empty());
  });
  EXPECT_GT(gone, 2U);
}

// Regression: an earlier page has no mark that the send left. Edited then, it would have been sent
// again with other content under the same id.
TEST_F(SalvageTest, ASalvagedSendMayHaveLeft) {
  auto store = Open(folder());
  Send(*store);
  const std::size_t kept = test::ReadBytes(log_file()).size();
  ASSERT_TRUE(ApplyNow(*store, {{MarkSending{{store->ReadOutbox()->entries.front().position}}}}));
  Kill(std::move(store));
  std::size_t frame = 0;
  ForEachDamagedPage([&](SqlcipherStore& salvaged) {
    if (FrameAt(frame++) < kept) return;
    const auto message = salvaged.ReadMessage(TestMessage("A", 0, "").id);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->delivery, Delivery::kUnknown);
  });
  EXPECT_EQ(frame, Frames());
}

// Killed after the old file was set aside, and before its log was: all that was salvaged is in a
// new file that has not its name yet. It was made anew, out of that log alone.
TEST_F(SalvageTest, ASalvageThatIsEndedBetweenRenamesIsTaken) {
  {
    auto store = Open(folder());
    Draft(*store, "A", std::string(kLongBytes, 'a'));
  }
  auto store = Open(folder());
  Draft(*store, "B", "in the log");
  Kill(std::move(store));
  std::string bytes = test::ReadBytes(log_file());
  FlipPage(bytes, FrameAt(Frames() - 1));
  test::WriteBytes(log_file(), bytes);
  const fs::path killed = temporary().path() / "killed";
  fs::copy(folder(), killed, fs::copy_options::recursive);
  store = Open(folder());
  ASSERT_TRUE(store->LastRepair().authored_replaced);
  const Texts salvaged = Drafts(*store);
  ASSERT_TRUE(salvaged.contains("A"));
  store.reset();
  fs::rename(authored_file(), killed / "authored.db.new");
  fs::remove(killed / "authored.db");
  fs::remove_all(folder());
  fs::rename(killed, folder());
  store = Open(folder());
  EXPECT_EQ(Drafts(*store), salvaged);
  EXPECT_TRUE(store->LastRepair().authored_replaced) << "nobody was told before the kill";
  const fs::directory_iterator aside(folder() / "set-aside");
  EXPECT_EQ(std::distance(begin(aside), end(aside)), 1) << "salvaged twice";
}

// Regression: closing copied the damaged page over its earlier version in the file.
TEST_F(SalvageTest, WhatIsDamagedInUseIsNotCopiedOverWhatIsNot) {
  {
    auto store = Open(folder());
    Draft(*store, "A", "first");
  }
  auto store = Open(folder());
  Draft(*store, "A", "second");
  log_ = test::ReadBytes(log_file());
  {
    std::fstream log(log_file(), std::ios::in | std::ios::out | std::ios::binary);
    for (std::size_t frame = 0; frame < Frames(); ++frame) {
      log.seekp(static_cast<std::streamoff>(FrameAt(frame) + kFrameHeaderBytes + 2'000));
      log.put(static_cast<char>(log_[FrameAt(frame) + kFrameHeaderBytes + 2'000] ^ 1));
    }
  }
  EXPECT_FALSE(store->ReadDrafts()) << "a reader has it in memory";
  store.reset();
  store = Open(folder());
  EXPECT_TRUE(store->LastRepair().authored_replaced);
  EXPECT_EQ(Drafts(*store), (Texts{{"A", "first"}}));
}

// Nobody was told that it is kept.
TEST_F(SalvageTest, ACommitThatAPowerLossToreIsNoDamage) {
  const std::size_t kept = KillInACommit();
  Reboot();
  ForEachTorn(kept, [this] {
    const auto store = Open(folder());
    EXPECT_FALSE(store->LastRepair().any());
    EXPECT_EQ(Drafts(*store), before_);
  });
}

// Regression: two commits were lost, unnoticed: what is damaged ends one, and another is behind it,
// so it was synced.
TEST_F(SalvageTest, ADamagedEndOfACommitBeforeTheLastIsNoTornCommit) {
  const std::size_t kept = KillInACommit();
  Reboot();
  std::string bytes = log_;
  FlipPage(bytes, FrameAt(kept - 1));
  test::WriteBytes(log_file(), bytes);
  const auto store = Open(folder());
  EXPECT_TRUE(store->LastRepair().authored_replaced);
  const Texts texts = Drafts(*store);
  ExpectWritten(texts);
  // What the last commit wrote is there; the damaged page may hold one that is nowhere else.
  EXPECT_EQ(texts.at("D"), newest_.at("D"));
  EXPECT_GE(texts.size() + 1, newest_.size());
}

// Regression: what was left of it stayed behind the next commits, which are shorter. It was taken
// for a part of them that is damaged, or laid over what they wrote.
TEST_F(SalvageTest, NothingOfATornCommitIsLeftBehindTheNext) {
  const std::size_t kept = KillInACommit();
  Reboot();
  ForEachTorn(kept, [this] {
    auto store = Open(folder());
    Draft(*store, "A", "short");
    Texts expected = before_;
    expected["A"] = "short";
    EXPECT_TRUE(store->Verify().good());
    LeaveAsKilled(std::move(store));
    EXPECT_EQ(Salvage(), expected);
    store = Open(folder());
    EXPECT_FALSE(store->LastRepair().any());
    EXPECT_EQ(Drafts(*store), expected);
  });
}

// Pages change owners all the time: long drafts become short, and their pages another's.
TEST_F(SalvageTest, PagesThatChangedOwnersAreNotTakenForTheirRest) {
  constexpr std::uint64_t kSeed = 7;
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  // Half of them are in the file itself; the others are too few to be copied out of the log.
  for (const bool last : {false, true}) {
    auto store = Open(folder());
    for (int i = 0; i < 30; ++i) {
      const std::size_t size = random() % 2 == 0 ? kLongBytes - random() % 9'000 : random() % 900;
      Draft(*store, std::string(1, static_cast<char>('A' + random() % 12)),
            std::string(size, static_cast<char>('a' + random() % 26)));
    }
    if (last) Kill(std::move(store));
  }
  ASSERT_EQ(Salvage(), newest_);
  ASSERT_GT(Frames(), 100U) << "most of the log was copied into the file";
  const std::size_t step = std::max<std::size_t>(1, Frames() / 150);
  for (std::size_t frame = 0; frame < Frames(); frame += step) {
    SCOPED_TRACE("frame " + std::to_string(frame));
    const Texts texts = SalvageWith(frame, FlipPage);
    ExpectWritten(texts);
    if (IsSuperseded(frame)) EXPECT_EQ(texts, newest_);
    ExpectWritten(SalvageWith(frame, [](std::string& bytes, std::size_t at) {
      FlipPage(bytes, at);
      LoseNumber(bytes, at);
    }));
  }
}

}  // namespace
}  // namespace hark::store
