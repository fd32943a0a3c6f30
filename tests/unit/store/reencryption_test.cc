// A file under another key, while the store is open and while it is closed.

#include "daemon/store/reencryption.h"

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "daemon/store/file_key.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

const std::string kNewKey(32, '\x33');

class ReencryptionTest : public StoreFixture {
 protected:
  std::unique_ptr<SqlcipherStore> OpenFilled() {
    auto store = Open(folder());
    Batch batch;
    for (Sequence i = 1; i <= 500; ++i)
      batch.operations.emplace_back(ApplyMessage{TestMessage("A", i, std::string(300, 'x'))});
    EXPECT_TRUE(ApplyNow(*store, std::move(batch)));
    EXPECT_TRUE(SendNow(*store, TestMessage("A", 0, "waits")));
    return store;
  }

  static Result<std::uint64_t> Reencrypt(SqlcipherStore& store, File file, const std::string& key) {
    return WaitFor<std::uint64_t>(
        [&](auto done) { store.Reencrypt(file, Secret(std::string(key)), std::move(done)); });
  }

  static std::size_t CountOf(SqlcipherStore& store) {
    const auto statistics = store.Statistics();
    EXPECT_TRUE(statistics);
    return statistics ? statistics->messages : 0;
  }

  static std::size_t OutboxOf(SqlcipherStore& store) {
    const auto statistics = store.Statistics();
    return statistics ? statistics->outbox : 0;
  }

  void ExpectUnder(const std::filesystem::path& file, const std::string& key,
                   const std::string& not_key) {
    EXPECT_TRUE(IsUnderKey(file, Secret(std::string(key))));
    EXPECT_FALSE(IsUnderKey(file, Secret(std::string(not_key))));
    EXPECT_FALSE(std::filesystem::exists(ReencryptedName(file)));
    EXPECT_EQ(test::ModeOf(file), 0600U);
  }
};

TEST_F(ReencryptionTest, BothFilesOfAnOpenStoreGetNewKeysAndKeepTheirRows) {
  const std::string second(32, '\x44');
  {
    const auto store = OpenFilled();
    ASSERT_TRUE(Reencrypt(*store, File::kCache, kNewKey));
    ASSERT_TRUE(Reencrypt(*store, File::kAuthored, second));
    EXPECT_EQ(CountOf(*store), 500U);
    EXPECT_EQ(OutboxOf(*store), 1U);
    ASSERT_TRUE(SendNow(*store, TestMessage("A", 900, "afterwards")));
    EXPECT_TRUE(store->Verify().good());
  }
  ExpectUnder(cache_file(), kNewKey, kCacheKey);
  ExpectUnder(authored_file(), second, kAuthoredKey);
  auto store = TryOpen(folder(), kNewKey, second);
  ASSERT_TRUE(store);
  EXPECT_EQ(CountOf(**store), 500U);
  EXPECT_EQ(OutboxOf(**store), 2U);
  store->reset();
  EXPECT_FALSE(TryOpen(folder()));
}

TEST_F(ReencryptionTest, ReadsGoOnMeanwhile) {
  const auto store = OpenFilled();
  std::atomic<bool> stop = false;
  std::atomic<int> reads = 0;
  std::atomic<int> wrong = 0;
  std::thread reader([&] {
    PageQuery query;
    query.conversation = ConversationId("A");
    while (!stop) {
      const auto page = store->ReadPage(query);
      if (!page || page->messages.empty()) ++wrong;
      ++reads;
    }
  });
  while (reads == 0) std::this_thread::yield();
  for (int i = 0; i < 4; ++i) {
    const auto cache = Reencrypt(*store, File::kCache, std::string(32, static_cast<char>('a' + i)));
    EXPECT_TRUE(cache) << cache.error().message;
    EXPECT_TRUE(Reencrypt(*store, File::kAuthored, std::string(32, static_cast<char>('A' + i))));
  }
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ReencryptionTest, AfterAKillTheFileIsUnderTheNewKey) {
  const auto copy = temporary().path() / "killed";
  {
    const auto store = OpenFilled();
    ASSERT_TRUE(Reencrypt(*store, File::kCache, kNewKey));
    std::filesystem::copy(folder(), copy);  // As a process that ends now leaves it.
  }
  auto store = TryOpen(copy, kNewKey);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(CountOf(**store), 500U);
  EXPECT_FALSE((*store)->LastRepair().any());
}

TEST_F(ReencryptionTest, WithoutRoomEverythingStaysAsItWas) {
  const auto store = OpenFilled();
  // Nothing can be made under that name.
  std::filesystem::create_directory(ReencryptedName(cache_file()));
  test::WriteBytes(ReencryptedName(cache_file()) / "in-the-way", "");
  EXPECT_FALSE(Reencrypt(*store, File::kCache, kNewKey));
  EXPECT_TRUE(IsUnderKey(cache_file(), Secret(std::string(kCacheKey))));
  EXPECT_EQ(CountOf(*store), 500U);
  EXPECT_TRUE(SendNow(*store, TestMessage("A", 900, "afterwards")));
}

TEST_F(ReencryptionTest, AClosedFileGetsANewKeyToo) {
  OpenFilled().reset();
  ASSERT_TRUE(
      ReencryptClosed(cache_file(), Secret(std::string(kCacheKey)), Secret(std::string(kNewKey))));
  ExpectUnder(cache_file(), kNewKey, kCacheKey);
  const auto store = TryOpen(folder(), kNewKey);
  ASSERT_TRUE(store);
  EXPECT_EQ(CountOf(**store), 500U);
}

TEST_F(ReencryptionTest, FilesThatMustExistAreNotMade) {
  StoreOptions options = Options(folder());
  options.must_exist = true;
  const auto store = SqlcipherStore::Open(std::move(options));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists(folder()));
}

}  // namespace
}  // namespace hark::store
