// A disk that fails when a test says so. It is an SQLite VFS over the platform's own: the files are
// real, and so are the locks and the shared memory; it sits below the cipher, so the real store is
// under test.
//
// It can lose power (what was not synced is kept, dropped or torn), be full, or fail single
// operations with any code, and it counts what was asked of it.
//
// What a power loss does here to names: a write-ahead log or a journal that was made and never
// synced may be gone, since SQLite syncs its folder with its first sync; to SQLite that is the same
// as an empty one. A deleted file stays deleted: the daemon syncs folders by itself, beside this
// VFS, so it cannot be known here which deletions are safe.

#ifndef HARK_TESTS_SUPPORT_FAULT_VFS_H_
#define HARK_TESTS_SUPPORT_FAULT_VFS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "tests/support/unsynced_log.h"

namespace hark::fault {

// What is counted and can fail. Locks, shared memory and closing always work.
enum class Operation : std::uint8_t {
  kOpen,
  kRead,
  kWrite,
  kTruncate,
  kSync,
  kDelete,
  kLook,  // Whether a file is there, and how long it is.
};
inline constexpr std::size_t kOperations = 7;

struct Fault {
  std::optional<Operation> operation = std::nullopt;  // Absent: any.
  std::string file = {};    // The end of its name ("cache.db-wal"); empty: any file.
  std::uint64_t after = 0;  // So many go well first.
  int code = 0;             // An extended SQLite code; 0: the usual one of that operation.
  bool lasting = false;     // Until ClearFaults(); otherwise once.
};

struct Counts {
  std::array<std::uint64_t, kOperations> done = {};  // Failed ones included.
  std::uint64_t failed = 0;
  // Syncs on a descriptor on which one had failed. Must stay 0: the second one succeeds and means
  // nothing.
  std::uint64_t retried_syncs = 0;

  [[nodiscard]] std::uint64_t of(Operation operation) const {
    return done[static_cast<std::size_t>(operation)];
  }
  [[nodiscard]] std::uint64_t all() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : done) sum += count;
    return sum;
  }
};

// Is the default VFS of the process from its construction to its destruction; one at a time.
// Outlives every connection that is opened meanwhile. Thread-safe.
//
// Nothing is really synced: the machine under the test stays up, and what a sync is worth is kept
// here.
class FaultVfs {
 public:
  FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  ~FaultVfs();

  // ---- Power ----

  // From now, or from the n-th operation from now on (1: the next), every operation fails and
  // nothing reaches the disk. The n-th itself does not either.
  void PowerOff() { PowerOffAt(1); }
  void PowerOffAt(std::uint64_t n);
  [[nodiscard]] bool is_off() const;
  // Puts every file into a state that the loss of power at this moment may leave. No file is open.
  void LosePower(std::mt19937_64& random, Loss loss = Loss::kAnyOrder);
  // Without LosePower() before it: only the process was killed, everything that was written is
  // there.
  void PowerOn();
  // Takes all files as synced. For a test that removed its folder: a new file may get the number
  // (inode) of an old one.
  void Forget();

  // ---- Faults ----

  void Add(Fault fault);
  void ClearFaults();
  // The bytes that can still be written; then writes fail with SQLITE_FULL, after as much as fits.
  // Overwriting counts too, as on a file system that copies on write. Absent: no end.
  void SetSpace(std::optional<std::uint64_t> bytes);
  // Syncs of files whose name ends so do nothing and succeed: what a NORMAL instead of FULL would
  // do.
  void IgnoreSyncs(std::string file);
  // From now on nobody sleeps who waits for a lock: only how long it would be is counted.
  void SkipSleeps() { skips_sleeps_ = true; }

  // ---- Counts ----

  [[nodiscard]] Counts counts() const;
  // Syncs that succeeded, of files whose name ends so.
  [[nodiscard]] std::uint64_t SyncsOf(const std::string& file) const;
  // Microseconds that were waited for locks.
  [[nodiscard]] std::uint64_t slept() const { return slept_; }
  void ResetCounts();

 private:
  // One file on the disk, whatever its name is by now and however often it is open.
  struct Disk {
    std::string path;  // When it was opened last.
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool name_unsynced = false;  // Made and never synced.
    UnsyncedLog log;
  };
  struct File;     // One open file: what SQLite holds.
  struct Methods;  // What SQLite calls.

  // Counts the operation. The code to fail with, or SQLITE_OK. Under the mutex.
  int Begin(Operation operation, const std::string& path);
  std::shared_ptr<Disk> DiskOf(const std::string& path, bool is_new);

  int Open(const char* name, sqlite3_file* file, int flags, int* out_flags);
  int Delete(const char* name, int sync_folder);
  int Write(File& file, const void* bytes, int length, sqlite3_int64 offset);
  int Truncate(File& file, sqlite3_int64 size);
  int Sync(File& file);

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_ = {};

  std::atomic<bool> skips_sleeps_ = false;
  std::atomic<std::uint64_t> slept_ = 0;

  mutable std::mutex mutex_;
  std::vector<Fault> faults_;
  std::optional<std::uint64_t> space_;
  std::vector<std::string> ignored_syncs_;
  std::uint64_t until_off_ = 0;  // 0: never.
  bool off_ = false;
  Counts counts_;
  std::map<std::string, std::uint64_t> syncs_;  // By path.
  std::vector<std::shared_ptr<Disk>> disks_;    // Those that are open or have unsynced changes.
};

}  // namespace hark::fault

#endif  // HARK_TESTS_SUPPORT_FAULT_VFS_H_
