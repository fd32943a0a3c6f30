// Damage that SQLCipher passes over: pages of zeros, and the last page of a read that fails its
// HMAC.

#include "daemon/store/zero_guard.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <SQLiteCpp/Exception.h>
#include <gtest/gtest.h>

#include "daemon/store/error_policy.h"
#include "daemon/store/new_file.h"
#include "daemon/store/page_cipher.h"
#include "daemon/store/page_source.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/reencryption.h"
#include "daemon/store/store_copy.h"
#include "tests/unit/store/damaged_pages.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

constexpr Sequence kMessages = 60;
constexpr std::uint32_t kMapPage = 2;
constexpr std::size_t kFirstFreeField = 32;
constexpr char kReadAll[] = "SELECT sum(unicode(substr(content, -1))) FROM messages";

// Goes over two pages, the last of which ends with "end 7".
std::string LongText(Sequence sequence) {
  return std::string(5'000, 'x') + "end " + std::to_string(sequence) + ".";
}

class ZeroGuardTest : public StoreFixture {
 protected:
  void SetUp() override {
    const auto store = Open(folder());
    Batch batch;
    for (Sequence sequence = 1; sequence <= kMessages; ++sequence)
      batch.operations.emplace_back(ApplyMessage{TestMessage("c", sequence, LongText(sequence))});
    ASSERT_TRUE(ApplyNow(*store, std::move(batch)));
  }

  [[nodiscard]] PageSource Pages() const {
    return PageSource(cache_file(), Secret(std::string(kCacheKey)), "");
  }

  [[nodiscard]] std::uint32_t PageWith(const std::string& text) const {
    return store::PageWith(cache_file(), kCacheKey, text);
  }

  // Of the free list: 0 if there is none.
  [[nodiscard]] std::uint32_t FirstFreePage() const {
    return BigEndian(Pages().Read(1)->bytes.data() + kFirstFreeField);
  }

  void Zero(std::uint32_t page) const { ZeroPage(cache_file(), page); }
  void Flip(std::uint32_t page) const { FlipInPage(cache_file(), page); }

  // The page of every so many frames of a log, from the first one on.
  static void ZeroFrames(const std::filesystem::path& log, std::size_t every) {
    constexpr std::size_t kHeader = 32;
    constexpr std::size_t kFrameHeader = 24;
    constexpr std::size_t kFrame = kFrameHeader + kFilePageBytes;
    std::string bytes = test::ReadBytes(log);
    for (std::size_t at = kHeader; at + kFrame <= bytes.size(); at += every * kFrame)
      bytes.replace(at + kFrameHeader, kFilePageBytes, kFilePageBytes, '\0');
    test::WriteBytes(log, bytes);
  }

  // Pages of the free list that were never written.
  void MakeHoles() {
    {
      Connection cache(cache_file(), Secret(std::string(kCacheKey)), Access::kWrite,
                       Durability::kFetchable);
      cache.Execute("CREATE TABLE t AS SELECT zeroblob(100000)");
      cache.Execute("DROP TABLE t");
      ASSERT_TRUE(cache.CheckpointAndTruncate());
    }
    const auto trunk = Pages().Read(FirstFreePage());
    ASSERT_TRUE(trunk);
    ASSERT_GT(BigEndian(trunk->bytes.data() + 4), 20U);
    for (int leaf = 0; leaf < 20; ++leaf) Zero(BigEndian(trunk->bytes.data() + 8 + 4 * leaf));
  }

  // 0: nothing was thrown.
  template <typename Call>
  static int CodeThrown(Call call) {
    try {
      call();
    } catch (const SQLite::Exception& exception) {
      return CodeOf(exception) & 0xff;
    }
    return 0;
  }

  // Adds what takes pages. Whether the store took it.
  static bool Write(SqlcipherStore& store) {
    bool stored = false;
    Message message = TestMessage("c", kMessages + 1, LongText(kMessages + 1));
    store.Apply({{ApplyMessage{std::move(message)}}},
                [&stored](const auto& result) { stored = result.has_value(); });
    store.RunWriter();
    return stored;
  }

  static void ExpectAllThere(SqlcipherStore& store) {
    for (Sequence sequence = 1; sequence <= kMessages; ++sequence) {
      const auto found = store.ReadMessage(MessageId("c/" + std::to_string(sequence)));
      ASSERT_TRUE(found) << sequence;
      EXPECT_EQ(found->content, LongText(sequence)) << sequence;
    }
  }

  static Result<RepairReport> Repair(SqlcipherStore& store) {
    return WaitFor<RepairReport>(
        [&](auto done) { store.SetCacheAside("a test", std::move(done)); });
  }
};

TEST_F(ZeroGuardTest, AZeroedMapIsNoticedByTheFirstWriteAndNoRowIsLost) {
  Zero(kMapPage);
  const auto store = OpenByHand();
  ASSERT_TRUE(store);
  ASSERT_FALSE(store->LastRepair().any());
  EXPECT_FALSE(Write(*store));
  EXPECT_TRUE(store->LastRepair().cache_replaced);
  ExpectAllThere(*store);
  EXPECT_TRUE(Write(*store));
}

// Files that were salvaged, or made by an earlier version, have such.
TEST_F(ZeroGuardTest, AHoleInTheFreeListOfASoundFileIsUsed) {
  MakeHoles();
  Connection cache(cache_file(), Secret(std::string(kCacheKey)), Access::kWrite,
                   Durability::kFetchable);
  cache.Execute("CREATE TABLE t AS SELECT printf('%.*c', 40000, 'x') AS b");
  cache.Execute("PRAGMA incremental_vacuum");
  EXPECT_EQ(cache.ReadInt("SELECT unicode(substr(b, -1)) FROM t"), 'x');
  EXPECT_EQ(cache.ReadText("PRAGMA integrity_check"), "ok");
}

// As a version without the guard left it.
TEST_F(ZeroGuardTest, RowsThatAMapHasForgottenAreSalvaged) {
  Zero(kMapPage);
  {
    Connection unguarded(cache_file(), Secret(std::string(kCacheKey)), Access::kCreate,
                         Durability::kFetchable);
    unguarded.Execute("UPDATE conversations SET title = printf('%.*c', 9000, 'x')");
  }
  {
    const auto again = Pages().Read(kMapPage);
    ASSERT_TRUE(again && !again->stale) << "the map was not written again";
  }
  const auto store = Open(folder());
  if (!store->LastRepair().any()) ASSERT_TRUE(Repair(*store));
  ExpectAllThere(*store);
}

// In what only merging the search index reads.
TEST_F(ZeroGuardTest, WhenNobodyWaitsDamageIsNoticedToo) {
  {
    const auto store = OpenByHand();
    ASSERT_TRUE(store);
    for (Sequence sequence = 1; sequence <= 12; ++sequence) {
      std::string words = "a" + std::to_string(sequence) + "first";
      for (int i = 0; i < 600; ++i)
        words += " m" + std::to_string(sequence) + "x" + std::to_string(i * 7'919);
      store->Apply({{ApplyMessage{TestMessage("d", sequence, words)}}}, [](const auto&) {});
      store->RunWriter();
    }
  }
  Flip(PageWith("0a5first"));
  const auto store = OpenByHand();
  ASSERT_TRUE(store);
  ASSERT_TRUE(Write(*store));
  ASSERT_FALSE(store->LastRepair().any());
  for (int slice = 0; slice < 1'000 && store->RunIdleWriter(); ++slice) {
  }
  store->RunWriter();
  EXPECT_TRUE(store->LastRepair().cache_replaced);
  ExpectAllThere(*store);
}

TEST_F(ZeroGuardTest, TheEndOfALongMessageIsNeverShownAsZeros) {
  const std::uint32_t page = PageWith("end 7.");
  for (const bool zeroed : {true, false}) {
    const std::string sound = test::ReadBytes(cache_file());
    zeroed ? Zero(page) : Flip(page);
    {
      const auto store = OpenByHand();
      ASSERT_TRUE(store);
      const auto found = store->ReadMessage(MessageId("c/7"));
      ASSERT_FALSE(found) << "zeroed: " << zeroed;
      EXPECT_EQ(found.error().code, ErrorCode::kCorrupt);
      store->RunWriter();
      EXPECT_TRUE(store->LastRepair().cache_replaced);
      EXPECT_EQ(store->ReadMessage(MessageId("c/7")).error().code, ErrorCode::kNotFound);
      EXPECT_TRUE(store->ReadMessage(MessageId("c/8")));
    }
    test::WriteBytes(cache_file(), sound);
  }
}

TEST_F(ZeroGuardTest, ZerosInTheLogAreDamage) {
  Connection cache(cache_file(), Secret(std::string(kCacheKey)), Access::kWrite,
                   Durability::kFetchable);
  cache.Execute("CREATE TABLE t AS SELECT zeroblob(3000) AS b");
  const std::string log = cache_file().string() + "-wal";
  ZeroFrames(log, 1);
  cache.Execute("PRAGMA shrink_memory");
  EXPECT_EQ(CodeThrown([&] { (void)cache.ReadInt("SELECT length(b) FROM t"); }), SQLITE_CORRUPT);
  EXPECT_EQ(CodeThrown([&] { cache.Checkpoint(); }), SQLITE_CORRUPT);
}

TEST_F(ZeroGuardTest, AHoleIsCopiedWithTheFile) {
  MakeHoles();
  const std::filesystem::path copy = temporary().path() / "copy.db";
  {
    Connection source(cache_file(), Secret(std::string(kCacheKey)), Access::kRead,
                      Durability::kFetchable);
    ASSERT_TRUE(CopyDatabase(source, copy, Secret(std::string(kAuthoredKey)), {}));
  }
  Connection copied(copy, Secret(std::string(kAuthoredKey)), Access::kWrite,
                    Durability::kFetchable);
  EXPECT_EQ(copied.ReadInt("SELECT count(*) FROM messages"), kMessages);
  EXPECT_EQ(copied.ReadText("PRAGMA integrity_check"), "ok");
}

// In the copy it would be a page that is well encrypted, and its row would end with zeros.
TEST_F(ZeroGuardTest, APageOfZerosThatIsNoHoleIsNotCopied) {
  Zero(PageWith("end 7."));
  const std::filesystem::path copy = temporary().path() / "copy.db";
  Connection source(cache_file(), Secret(std::string(kCacheKey)), Access::kRead,
                    Durability::kFetchable);
  const Secret key{std::string(kAuthoredKey)};
  EXPECT_EQ(CodeThrown([&] { (void)CopyDatabase(source, copy, key, {}); }), SQLITE_CORRUPT);
  EXPECT_EQ(source.LastFailure(), SQLITE_CORRUPT);
  EXPECT_EQ(CodeThrown([&] { (void)source.ReadInt(kReadAll); }), SQLITE_CORRUPT);
  EXPECT_FALSE(ReencryptClosed(cache_file(), Secret(std::string(kCacheKey)), key));
}

TEST_F(ZeroGuardTest, ABackupThatMeetsAPageOfZerosFailsAndTheFileIsMended) {
  Zero(PageWith("end 7."));
  const auto store = OpenByHand();
  ASSERT_TRUE(store);
  const std::filesystem::path folder = temporary().path() / "backup";
  std::filesystem::create_directory(folder);
  const auto copied = store->CopyFiles(folder, Secret(std::string(kAuthoredKey)),
                                       Secret(std::string(kAuthoredKey)), false);
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().code, ErrorCode::kCorrupt);
  store->RunWriter();
  EXPECT_TRUE(store->LastRepair().cache_replaced);
  EXPECT_TRUE(store->CopyFiles(folder, Secret(std::string(kAuthoredKey)),
                               Secret(std::string(kAuthoredKey)), false));
}

// While the log tells how long the database is.
TEST_F(ZeroGuardTest, APageBehindTheEndOfTheFileIsDamage) {
  Connection cache(cache_file(), Secret(std::string(kCacheKey)), Access::kWrite,
                   Durability::kFetchable);
  cache.Execute("CREATE TABLE t AS SELECT printf('%.*c', 9000, 'x') AS b");
  ASSERT_TRUE(cache.CheckpointAndTruncate());
  cache.Execute("UPDATE store_info SET initial_sync_done = 1");
  std::filesystem::resize_file(cache_file(),
                               (PageWith(std::string(900, 'x')) - 1) * kFilePageBytes);
  cache.Execute("PRAGMA shrink_memory");
  Connection reader(cache_file(), Secret(std::string(kCacheKey)), Access::kRead,
                    Durability::kFetchable);
  EXPECT_EQ(CodeThrown([&] { (void)reader.ReadInt("SELECT unicode(substr(b, -1)) FROM t"); }),
            SQLITE_CORRUPT);
}

// As the last page of a step, or of all, nothing was asked for after it.
TEST_F(ZeroGuardTest, ACopyKnowsOfAPageThatFailsItsHmacWhereverItIs) {
  const std::uint32_t last = Pages().page_count();
  for (const std::uint32_t page : {last, last - 1, last / 2}) {
    SCOPED_TRACE(page);
    const std::string sound = test::ReadBytes(cache_file());
    Flip(page);
    const std::filesystem::path copy = temporary().path() / "copy.db";
    ASSERT_TRUE(MakeEmptyFile(copy));
    {
      Connection source(cache_file(), Secret(std::string(kCacheKey)), Access::kRead,
                        Durability::kFetchable);
      Connection target(copy, Secret(std::string(kCacheKey)), Access::kCreate,
                        Durability::kAuthored);
      EXPECT_EQ(CodeThrown([&] { (void)source.CopyInto(target); }), SQLITE_CORRUPT);
    }
    std::filesystem::remove(copy);
    test::WriteBytes(cache_file(), sound);
  }
}

// Whoever does not read what is in it does not find it, and the log would grow.
TEST_F(ZeroGuardTest, ALogThatCannotBeCopiedIsNoticedWhenNobodyWaits) {
  const auto store = OpenByHand();
  ASSERT_TRUE(store);
  Batch batch;
  for (Sequence sequence = 1; sequence <= 70; ++sequence)
    batch.operations.emplace_back(ApplyMessage{TestMessage("d", sequence, LongText(sequence))});
  store->Apply(std::move(batch), [](const auto&) {});
  store->RunWriter();
  ZeroFrames(cache_file().string() + "-wal", 1);
  (void)store->RunIdleWriter();
  store->RunWriter();
  EXPECT_TRUE(store->LastRepair().cache_replaced);
  EXPECT_TRUE(Write(*store));
}

}  // namespace
}  // namespace hark::store
