#include "daemon/store/connection.h"

#include <cstdio>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

class ConnectionTest : public StoreFixture {};

TEST(CipherTest, VersionIsNewEnough) {
  EXPECT_TRUE(IsUsableCipherVersion(CipherVersion())) << CipherVersion();
  EXPECT_TRUE(IsUsableCipherVersion("4.5.0 community"));
  EXPECT_TRUE(IsUsableCipherVersion("4.10"));
  EXPECT_TRUE(IsUsableCipherVersion("5.0.1"));
  for (const char* old : {"", "3.4.1", "4.4.9", "4", "four", "-4.6"})
    EXPECT_FALSE(IsUsableCipherVersion(old)) << old;
}

TEST(CipherTest, PlainSqliteIsNotInTheProcess) {
  ASSERT_FALSE(CipherVersion().empty());
  std::ifstream maps("/proc/self/maps");
  if (!maps) GTEST_SKIP() << "no /proc on this system";
  std::string line;
  while (std::getline(maps, line)) EXPECT_EQ(line.find("libsqlite3"), std::string::npos) << line;
}

TEST_F(ConnectionTest, FilesAreForTheOwnerAlone) {
  const auto store = Open(folder());
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(folder()).permissions(), perms::owner_all);
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    EXPECT_EQ(entry.status().permissions(), perms::owner_read | perms::owner_write) << entry.path();
  }
}

TEST_F(ConnectionTest, WriterAndReaderAreSetUpAsDesigned) {
  {
    const auto store = Open(folder());
  }
  Connection cache(cache_file(), Secret(std::string(kCacheKey)), Access::kWrite,
                   Durability::kFetchable);
  EXPECT_EQ(cache.ReadText("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(cache.ReadInt("PRAGMA synchronous"), 1);
  EXPECT_EQ(cache.ReadInt("PRAGMA page_size"), 4096);
  EXPECT_EQ(cache.ReadInt("PRAGMA mmap_size"), 0);
  EXPECT_EQ(cache.ReadInt("PRAGMA wal_autocheckpoint"), 0);
  EXPECT_EQ(cache.ReadInt("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(cache.ReadInt("PRAGMA trusted_schema"), 0);
  Connection authored(authored_file(), Secret(std::string(kAuthoredKey)), Access::kWrite,
                      Durability::kAuthored);
  EXPECT_EQ(authored.ReadInt("PRAGMA synchronous"), 2);
  EXPECT_EQ(authored.ReadInt("PRAGMA secure_delete"), 1);
  Connection reader(cache_file(), Secret(std::string(kCacheKey)), Access::kRead,
                    Durability::kFetchable);
  EXPECT_EQ(reader.ReadInt("PRAGMA query_only"), 1);
  EXPECT_EQ(reader.ReadInt("PRAGMA temp_store"), 2);
  EXPECT_THROW(reader.Execute("DELETE FROM messages"), SQLite::Exception);
}

// What every statement of every connection shows to a trace, keying included.
class TracedStatements {
 public:
  TracedStatements() {
    Texts().clear();
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&Attach));
  }
  ~TracedStatements() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&Attach)); }

  static std::string& Texts() {
    static std::string texts;
    return texts;
  }

 private:
  static int Attach(sqlite3* database, char**, const void*) {
    return sqlite3_trace_v2(database, SQLITE_TRACE_STMT, &OnStatement, nullptr);
  }
  static int OnStatement(unsigned, void*, void* statement, void* text) {
    Texts() += static_cast<const char*>(text);
    char* expanded = sqlite3_expanded_sql(static_cast<sqlite3_stmt*>(statement));
    if (expanded != nullptr) Texts() += expanded;
    sqlite3_free(expanded);
    return 0;
  }
};

TEST_F(ConnectionTest, KeyIsInNoStatement) {
  const TracedStatements traced;
  const std::string key = "0123456789abcdef0123456789ABCDEF";
  std::string hex;
  for (const char c : key) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x",
                  static_cast<unsigned>(static_cast<unsigned char>(c)));
    hex += digits;
  }
  // Connections of one thread only: the store's own would race with the recording.
  test::WriteBytes(temporary().path() / "traced.db", "");
  Connection connection(temporary().path() / "traced.db", Secret(std::string(key)), Access::kCreate,
                        Durability::kAuthored);
  connection.Execute("CREATE TABLE t (x)");
  const std::string& texts = TracedStatements::Texts();
  EXPECT_NE(texts.find("CREATE TABLE"), std::string::npos);
  EXPECT_EQ(texts.find(key), std::string::npos);
  EXPECT_EQ(texts.find(hex), std::string::npos);
  EXPECT_EQ(texts.find("PRAGMA key"), std::string::npos) << texts;
}

}  // namespace
}  // namespace hark::store
