// The change log's bounds, its bytes, and what a crash between the two files means for it.

#include "daemon/store/change_log.h"

#include <chrono>
#include <random>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/store/byte_codec.h"
#include "daemon/store/logged_changes.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

constexpr WallTime kNow{std::chrono::hours(24 * 365 * 50)};

Commit CommitOf(LocalRevision revision, const std::vector<std::string>& messages) {
  Commit commit;
  commit.revision = revision;
  for (const std::string& id : messages) {
    Message message;
    message.conversation = ConversationId("c");
    message.id = MessageId(id);
    commit.messages.push_back(std::move(message));
  }
  return commit;
}

class ChangeLogTest : public StoreFixture {
 protected:
  ChangeLogTest() {
    Open(folder()).reset();
    cache_ = std::make_unique<Connection>(cache_file(), Secret(std::string(kCacheKey)),
                                          Access::kWrite, Durability::kFetchable);
    cache_->Execute("DELETE FROM change_log");
  }

  std::int64_t Rows() { return cache_->ReadInt("SELECT count(*) FROM change_log"); }
  std::int64_t Oldest() { return cache_->ReadInt("SELECT min(revision) FROM change_log"); }

  std::unique_ptr<Connection> cache_;
};

TEST_F(ChangeLogTest, ForgetsWhatIsTooOldButNotTheLastRow) {
  for (LocalRevision i = 1; i <= 48; ++i)
    (void)LogCommit(*cache_, CommitOf(i, {"m"}), kNow + std::chrono::hours(i));
  EXPECT_TRUE(TrimLog(*cache_, kNow + std::chrono::hours(48)));
  EXPECT_EQ(Oldest(), 24);
  EXPECT_FALSE(TrimLog(*cache_, kNow + std::chrono::hours(48)));
  EXPECT_TRUE(TrimLog(*cache_, kNow + std::chrono::hours(1'000)));
  EXPECT_EQ(Oldest(), 48);
  EXPECT_EQ(Rows(), 1);
}

TEST_F(ChangeLogTest, ForgetsWhatIsTooMuch) {
  const std::vector<std::string> ids(limits::kLoggedThings, std::string(200, 'x'));
  std::size_t bytes = 0;
  LocalRevision revision = 0;
  while (bytes <= 2 * limits::kLogBytes)
    bytes += LogCommit(*cache_, CommitOf(++revision, ids), kNow)->size();
  while (TrimLog(*cache_, kNow)) {
  }
  const auto left =
      static_cast<std::uint64_t>(cache_->ReadInt("SELECT sum(length(changes)) FROM change_log"));
  EXPECT_LE(left, limits::kLogBytes);
  EXPECT_GT(left, limits::kLogBytes - 2 * bytes / revision);
}

TEST_F(ChangeLogTest, LogThatEndsBeforeWhatWasPromisedIsForgotten) {
  (void)LogCommit(*cache_, CommitOf(5, {"m"}), kNow);
  LogCommit(*cache_, CommitOf(6, {"m"}), kNow);
  OpenLog(*cache_, {6, std::nullopt}, 100, kNow);
  EXPECT_EQ(Rows(), 3);
  OpenLog(*cache_, {102, "changes"}, 200, kNow);
  EXPECT_EQ(Rows(), 1);
  EXPECT_EQ(Oldest(), 200);
}

TEST_F(ChangeLogTest, LogThatEndsJustBeforeWhatWasPromisedGetsItsRow) {
  (void)LogCommit(*cache_, CommitOf(5, {"m"}), kNow);
  OpenLog(*cache_, {6, EncodeChanges(CommitOf(6, {"n"}))}, 100, kNow);
  EXPECT_EQ(Rows(), 3);
  EXPECT_EQ(Oldest(), 5);
  // Too much to be said.
  OpenLog(*cache_, {101, std::nullopt}, 200, kNow);
  EXPECT_EQ(Rows(), 1);
}

TEST_F(ChangeLogTest, LogOfALaterTimeIsForgotten) {
  (void)LogCommit(*cache_, CommitOf(500, {"m"}), kNow);
  OpenLog(*cache_, {}, 100, kNow);
  EXPECT_EQ(Oldest(), 100);
  EXPECT_EQ(Rows(), 1);
}

TEST(LoggedChangesTest, EverythingComesBack) {
  Commit commit =
      CommitOf(1, {"m1", "018bcfe5-6800-7000-8000-000000000001", std::string(300, 'x')});
  commit.removed.push_back({ConversationId("c"), MessageId("gone")});
  commit.conversations.emplace_back().id = ConversationId("listed");
  commit.gaps_changed.emplace_back("c");
  const auto changes = DecodeChanges(EncodeChanges(commit));
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].conversation.value(), "c");
  EXPECT_EQ(changes[0].messages.size(), 4U);
  EXPECT_EQ(changes[0].messages.back().value(), "gone");
  EXPECT_TRUE(changes[0].gaps);
  EXPECT_FALSE(changes[0].listed);
  EXPECT_EQ(changes[1].conversation.value(), "listed");
  EXPECT_TRUE(changes[1].listed);
  EXPECT_TRUE(changes[1].messages.empty());
}

TEST(LoggedChangesTest, AnyBytesEnd) {
  for (unsigned seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::string bytes(random() % 60, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_LE(DecodeChanges(bytes).size(), bytes.size());
  }
}

TEST(ByteCodecTest, NumbersComeBack) {
  std::string bytes;
  const std::vector<std::uint64_t> numbers = {0, 1, 127, 128, 300, 1ULL << 62};
  for (const std::uint64_t number : numbers) AppendNumber(bytes, number);
  std::string_view rest = bytes;
  for (const std::uint64_t number : numbers) EXPECT_EQ(TakeNumber(rest), number);
  EXPECT_FALSE(TakeNumber(rest));
}

}  // namespace
}  // namespace hark::store
