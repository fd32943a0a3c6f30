// Damage that the writer meets while the store is in use: whatever it is doing then, it is noticed,
// and reported.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/store/damaged_pages.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

constexpr Sequence kMessages = 60;
constexpr std::uint32_t kMapPage = 2;

class NoticedDamageTest : public StoreFixture {
 protected:
  void SetUp() override {
    const auto store = Open(folder());
    Batch batch;
    for (Sequence sequence = 1; sequence <= kMessages; ++sequence)
      batch.operations.emplace_back(ApplyMessage{TestMessage("c", sequence, Content(sequence))});
    ASSERT_TRUE(ApplyNow(*store, std::move(batch)));
  }

  // Has a page to itself.
  static std::string Content(Sequence sequence) {
    return std::string(3'000, 'x') + "end " + std::to_string(sequence) + ".";
  }

  // Opens the store with a send "x" in it that is in no log. What is opened later has read no more
  // than an opening does.
  void OpenWithASend(const std::string& content = "text") {
    Message message = TestMessage("c", 0, content);
    message.id = MessageId("x");
    ASSERT_TRUE(SendNow(*Open(folder()), std::move(message)));
    StoreOptions options = Options(folder());
    options.writes_by_hand = true;
    options.on_damage = [this](File file) { damaged_.push_back(file); };
    auto store = SqlcipherStore::Open(std::move(options));
    ASSERT_TRUE(store);
    store_ = *std::move(store);
  }

  // A change of c/7, whose page was not read before.
  Result<LocalRevision> Edit() {
    Message message = TestMessage("c", 7, "changed");
    message.revision = 2;
    return Apply({{ApplyMessage{std::move(message)}}});
  }
  Result<LocalRevision> Apply(Batch batch) {
    Result<LocalRevision> applied = Fail(ErrorCode::kInternal, "no answer");
    store_->Apply(std::move(batch), [&](Result<LocalRevision> result) { applied = result; });
    store_->RunWriter();
    return applied;
  }

  std::vector<File> damaged_;
  std::unique_ptr<SqlcipherStore> store_;
};

// The sends that the cache has are looked for when the connections are opened again: nothing that
// is written comes further than there.
TEST_F(NoticedDamageTest, DamageThatKeepsTheWriterFromOpeningAgainIsReportedAndMended) {
  const std::uint32_t ids = RootPage(cache_file(), kCacheKey, "messages_id");
  OpenWithASend();
  FlipInPage(cache_file(), ids);
  FlipInPage(cache_file(), PageWith(cache_file(), kCacheKey, Content(7)));
  EXPECT_FALSE(Edit());
  EXPECT_EQ(damaged_, std::vector{File::kCache});
  EXPECT_TRUE(store_->LastRepair().cache_replaced);
  EXPECT_TRUE(Edit());
  EXPECT_EQ(store_->ReadOutbox()->entries.size(), 1U);
}

TEST_F(NoticedDamageTest, OfTheOutboxTooWhichTheNextOpeningMends) {
  const std::uint32_t outbox = RootPage(authored_file(), kAuthoredKey, "outbox");
  const std::uint32_t ids = RootPage(authored_file(), kAuthoredKey, "outbox_message");
  OpenWithASend();
  FlipInPage(cache_file(), PageWith(cache_file(), kCacheKey, Content(7)));
  for (const std::uint32_t page : {outbox, ids}) FlipInPage(authored_file(), page);
  const auto edited = Edit();
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(damaged_, std::vector{File::kAuthored});
  store_.reset();
  EXPECT_TRUE(Open(folder())->LastRepair().authored_replaced);
}

// Only the removal of a long send touches the map of pages.
TEST_F(NoticedDamageTest, OfAuthoredIsReportedByTheRemovalOfWhatIsSettled) {
  OpenWithASend(std::string(9'000, 'x'));
  ASSERT_TRUE(Apply({{AcknowledgeSend{MessageId("x"), "", kMessages + 1, 1}}}));
  FlipInPage(authored_file(), kMapPage);
  ASSERT_TRUE(damaged_.empty());
  (void)store_->RunIdleWriter();
  EXPECT_EQ(damaged_, std::vector{File::kAuthored});
}

// The page is given to SQLite as zeros, and nothing asks for another one: what was sent would be
// another message under the same id, for ever.
TEST_F(NoticedDamageTest, NothingIsDecidedByAPageThatFailsAsTheLastOne) {
  const Message known = TestMessage("c", kMessages + 1, std::string(5'000, 'x') + "the tail.");
  ASSERT_TRUE(ApplyNow(*Open(folder()), {{ApplyMessage{known}}}));
  OpenWithASend();
  FlipInPage(cache_file(), PageWith(cache_file(), kCacheKey, "the tail."));
  Result<Message> repeated = Fail(ErrorCode::kInternal, "no answer");
  store_->EnqueueSend({known}, [&](Result<Message> result) { repeated = std::move(result); });
  store_->RunWriter();
  ASSERT_FALSE(repeated);
  EXPECT_EQ(repeated.error().code, ErrorCode::kCorrupt) << repeated.error().message;
  EXPECT_TRUE(store_->LastRepair().cache_replaced);
}

}  // namespace
}  // namespace hark::store
