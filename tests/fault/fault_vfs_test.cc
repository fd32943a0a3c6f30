// The failing disk itself: what it may do to a file, and what it must not.

#include "tests/support/fault_vfs.h"

#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"

namespace hark::fault {
namespace {

// A file as SQLite opens one.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : path_(path) {
    sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    memory_ = std::make_unique<std::uint64_t[]>(static_cast<std::size_t>(vfs->szOsFile) / 8 + 1);
    code_ = vfs->xOpen(vfs, path_.c_str(), get(),
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB, nullptr);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (get()->pMethods != nullptr) get()->pMethods->xClose(get());
  }

  [[nodiscard]] int code() const { return code_; }
  int Write(std::int64_t offset, const std::string& bytes) {
    return get()->pMethods->xWrite(get(), bytes.data(), static_cast<int>(bytes.size()), offset);
  }
  int Truncate(std::int64_t size) { return get()->pMethods->xTruncate(get(), size); }
  int Sync() { return get()->pMethods->xSync(get(), SQLITE_SYNC_NORMAL); }

 private:
  sqlite3_file* get() { return reinterpret_cast<sqlite3_file*>(memory_.get()); }

  std::string path_;
  std::unique_ptr<std::uint64_t[]> memory_;
  int code_ = 0;
};

class FaultVfsTest : public testing::Test {
 protected:
  // What the file holds after a power loss, which happened right after `body(file)`.
  template <typename Body>
  std::string AfterPowerLoss(std::uint64_t seed, Loss loss, Body&& body) {
    const std::string path = folder_.path() / ("file-" + std::to_string(++files_));
    {
      OpenFile file(path);
      body(file);
      vfs_.PowerOff();
    }
    std::mt19937_64 random(seed);
    vfs_.LosePower(random, loss);
    vfs_.PowerOn();
    return test::ReadBytes(path);
  }

  test::ScratchFolder folder_;
  FaultVfs vfs_;
  int files_ = 0;
};

TEST_F(FaultVfsTest, WhatWasSyncedIsKept) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string left = AfterPowerLoss(seed, Loss::kAnyOrder, [](OpenFile& file) {
      EXPECT_EQ(file.Write(0, std::string(4096, 'a')), SQLITE_OK);
      EXPECT_EQ(file.Sync(), SQLITE_OK);
      EXPECT_EQ(file.Write(4096, std::string(100, 'b')), SQLITE_OK);
    });
    EXPECT_EQ(left.substr(0, 4096), std::string(4096, 'a')) << "seed " << seed;
  }
}

TEST_F(FaultVfsTest, WhatWasNotSyncedIsKeptDroppedOrTornAtSectors) {
  std::set<std::string> kinds;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::string left = AfterPowerLoss(seed, Loss::kAnyOrder, [](OpenFile& file) {
      EXPECT_EQ(file.Write(0, std::string(4096, 'a')), SQLITE_OK);
      EXPECT_EQ(file.Sync(), SQLITE_OK);
      EXPECT_EQ(file.Write(0, std::string(4096, 'b')), SQLITE_OK);
      EXPECT_EQ(file.Write(4096, std::string(4096, 'c')), SQLITE_OK);
    });
    ASSERT_GE(left.size(), 4096U);
    for (std::size_t at = 0; at < left.size(); at += 512) {
      const std::string sector = left.substr(at, 512);
      EXPECT_EQ(sector, std::string(sector.size(), sector[0])) << "seed " << seed;
    }
    const std::set<char> first(left.begin(), left.begin() + 4096);
    kinds.insert(first.size() == 2 ? "torn" : first.contains('a') ? "dropped" : "kept");
    if (left.size() == 4096) kinds.insert("short");
    if (left.size() > 4096 && left[4096] == '\0') kinds.insert("longer without its bytes");
    if (first.contains('a') && left.size() > 4096 && left[4096] == 'c') kinds.insert("reordered");
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"torn", "dropped", "kept", "short", "reordered",
                                          "longer without its bytes"}));
}

TEST_F(FaultVfsTest, PrefixKeepsTheOrder) {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const std::string left = AfterPowerLoss(seed, Loss::kPrefix, [](OpenFile& file) {
      for (int i = 0; i < 5; ++i)
        EXPECT_EQ(file.Write(512 * i, std::string(512, static_cast<char>('a' + i))), SQLITE_OK);
    });
    sizes.insert(left.size());
    for (std::size_t at = 0; at < left.size(); ++at)
      ASSERT_EQ(left[at], static_cast<char>('a' + at / 512)) << "seed " << seed;
  }
  EXPECT_EQ(sizes.size(), 6U);
}

TEST_F(FaultVfsTest, TruncationIsKeptOrDropped) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    seen.insert(AfterPowerLoss(seed, Loss::kAnyOrder, [](OpenFile& file) {
      EXPECT_EQ(file.Write(0, "0123456789"), SQLITE_OK);
      EXPECT_EQ(file.Sync(), SQLITE_OK);
      EXPECT_EQ(file.Truncate(4), SQLITE_OK);
    }));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"0123", "0123456789"}));
}

TEST_F(FaultVfsTest, ASyncThatSucceedsAfterOneThatFailedMakesOnlyNewWritesSafe) {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string left = AfterPowerLoss(seed, Loss::kAnyOrder, [this](OpenFile& file) {
      EXPECT_EQ(file.Write(0, std::string(1024, 'a')), SQLITE_OK);
      vfs_.Add({Operation::kSync});
      EXPECT_EQ(file.Sync(), SQLITE_IOERR_FSYNC);
      EXPECT_EQ(file.Write(512, std::string(1024, 'b')), SQLITE_OK);
      EXPECT_EQ(file.Sync(), SQLITE_OK);
    });
    ASSERT_EQ(left.size(), 1536U) << "seed " << seed;
    EXPECT_EQ(left.substr(512), std::string(1024, 'b')) << "seed " << seed;
    lost = lost || left.substr(0, 512) == std::string(512, '\0');
  }
  EXPECT_TRUE(lost);
  EXPECT_EQ(vfs_.counts().retried_syncs, 50U);
}

TEST_F(FaultVfsTest, FaultsComeWhenAndWhereTheyAreAskedFor) {
  const std::string path = folder_.path() / "some.db";
  OpenFile file(path);
  vfs_.Add({Operation::kWrite, "some.db", 1, SQLITE_IOERR_NOMEM});
  vfs_.Add({.file = "other.db"});
  EXPECT_EQ(file.Write(0, "a"), SQLITE_OK);
  EXPECT_EQ(file.Write(0, "b"), SQLITE_IOERR_NOMEM);
  EXPECT_EQ(file.Write(0, "c"), SQLITE_OK);
  vfs_.Add({.lasting = true});
  EXPECT_EQ(file.Write(0, "d"), SQLITE_IOERR_WRITE);
  EXPECT_EQ(file.Sync(), SQLITE_IOERR_FSYNC);
  EXPECT_EQ(OpenFile(path).code(), SQLITE_CANTOPEN);
  vfs_.ClearFaults();
  EXPECT_EQ(file.Truncate(0), SQLITE_OK);
  EXPECT_EQ(vfs_.counts().of(Operation::kWrite), 4U);
  EXPECT_EQ(vfs_.counts().failed, 4U);
  EXPECT_EQ(vfs_.SyncsOf("some.db"), 0U);
}

TEST_F(FaultVfsTest, AFullDiskTakesWhatFits) {
  const std::string path = folder_.path() / "file";
  OpenFile file(path);
  vfs_.SetSpace(6);
  EXPECT_EQ(file.Write(0, "abcd"), SQLITE_OK);
  EXPECT_EQ(file.Write(4, "efgh"), SQLITE_FULL);
  EXPECT_EQ(test::ReadBytes(path), "abcdef");
  vfs_.SetSpace(4);
  EXPECT_EQ(file.Write(4, "efgh"), SQLITE_OK);
}

TEST_F(FaultVfsTest, NothingReachesTheDiskFromTheNthOperationOn) {
  const std::string path = folder_.path() / "file";
  OpenFile file(path);
  vfs_.PowerOffAt(2);
  EXPECT_EQ(file.Write(0, "a"), SQLITE_OK);
  EXPECT_EQ(file.Write(0, "b"), SQLITE_IOERR_WRITE);
  EXPECT_TRUE(vfs_.is_off());
  EXPECT_EQ(file.Truncate(0), SQLITE_IOERR_TRUNCATE);
  EXPECT_EQ(test::ReadBytes(path), "a");
  vfs_.PowerOn();
  EXPECT_EQ(file.Write(0, "c"), SQLITE_OK);
}

// A database with a row for each commit that was answered.
class PowerLossTest : public FaultVfsTest {
 protected:
  // How many of the answered commits are gone; the database is sound in any case.
  int Lost(std::uint64_t seed, const char* synchronous) {
    const std::string path = folder_.path() / ("db-" + std::to_string(++files_));
    std::mt19937_64 random(seed);
    vfs_.PowerOffAt(20 + random() % 400);
    int answered = 0;
    sqlite3* database = nullptr;
    sqlite3_open(path.c_str(), &database);
    const std::string set_up =
        std::string(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 20; PRAGMA synchronous = ") +
        synchronous + "; CREATE TABLE t (x)";
    if (sqlite3_exec(database, set_up.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) {
      while (sqlite3_exec(database, "INSERT INTO t VALUES (randomblob(3000))", nullptr, nullptr,
                          nullptr) == SQLITE_OK)
        ++answered;
    }
    sqlite3_close(database);
    vfs_.LosePower(random);
    vfs_.PowerOn();
    sqlite3_open(path.c_str(), &database);
    const int found = answered == 0 ? 0 : ReadInt(database, "SELECT count(*) FROM t");
    EXPECT_EQ(ReadInt(database,
                      "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
              1)
        << "seed " << seed;
    sqlite3_close(database);
    return found < answered ? answered - found : 0;
  }

  static int ReadInt(sqlite3* database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(database, sql, -1, &statement, nullptr);
    const int value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
    sqlite3_finalize(statement);
    return value;
  }
};

TEST_F(PowerLossTest, FullLosesNothing) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) EXPECT_EQ(Lost(seed, "FULL"), 0) << seed;
}

TEST_F(PowerLossTest, NormalLosesSomething) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) lost += Lost(seed, "NORMAL");
  EXPECT_GT(lost, 0);
}

}  // namespace
}  // namespace hark::fault
