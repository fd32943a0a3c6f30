// Has a page of zeros found damaged.
//
// A disk that lost a write, or a file system that lost an extent, gives zeros. SQLCipher lets them
// pass without a look at the HMAC, since it cannot tell them from a page that is not in the file
// yet. SQLite then goes on with them where nothing contradicts: a row ends with zeros, and a page
// of the pointer map is written back with one entry that is right, well encrypted, so that nobody
// ever sees again that it was lost. So what SQLite reads is looked at below the
// cipher: a page of zeros, or one that the file ends before, fails with SQLITE_CORRUPT.
//
// A sound file may have holes: pages of the free list that were never written, since SQLite made
// the file and gave them back in one transaction. Who writes may read one when it is used at last,
// so of a writer's file only the pages of the pointer map are looked at, which are always written.
// Who reads never comes to a hole, except to copy every page: then zeros pass, and are noted. A
// file that is being made (Access::kCreate) is not watched: SQLite reads there what it has not
// written yet.

#ifndef HARK_DAEMON_STORE_ZERO_GUARD_H_
#define HARK_DAEMON_STORE_ZERO_GUARD_H_

#include <cstdint>
#include <vector>

#include <sqlite3.h>

namespace hark::store {

// Outlives the file that it watches. Used by the thread of the file's connection.
class ZeroGuard {
 public:
  ZeroGuard() = default;
  ZeroGuard(const ZeroGuard&) = delete;
  ZeroGuard& operator=(const ZeroGuard&) = delete;

  enum class Pages : bool { kAll, kMap };

  // An open database file or its log; one for each guard. All but reading goes on as before. kMap:
  // a database file that may have holes.
  void Watch(sqlite3_file* file, Pages pages);

  // While somebody copies every page, holes included; `noted`, which outlives that, gets the
  // numbers of those that are zeros or missing. Null: nothing passes any more.
  void Pass(std::vector<std::uint32_t>* noted) { methods_.passed = noted; }

 private:
  // SQLite calls a file's methods through a pointer in it: these stand in for the platform's.
  struct Methods : sqlite3_io_methods {
    const sqlite3_io_methods* below = nullptr;
    Pages pages = Pages::kAll;
    std::vector<std::uint32_t>* passed = nullptr;
  };

  // What is no page as it should be: fails, or is noted.
  static int Refuse(const Methods& methods, std::uint32_t page, int code);
  static int Read(sqlite3_file* file, void* out, int length, sqlite3_int64 offset);

  Methods methods_ = {};
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_ZERO_GUARD_H_
