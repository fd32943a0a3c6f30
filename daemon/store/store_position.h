// Where the store stands, shared by the writer, which moves it, and the readers: the newest
// revision, the sends under way, and whether a send may be in both files at the moment.

#ifndef HARK_DAEMON_STORE_STORE_POSITION_H_
#define HARK_DAEMON_STORE_STORE_POSITION_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "daemon/model/ids.h"
#include "daemon/store/in_flight.h"

namespace hark::store {

// Counts the commits that move sends from authored.db to cache.db. A reader takes `done` before its
// snapshot of authored.db and `begun` after its snapshot of cache.db: if they are equal, no send is
// in both.
class MoveCounter {
 public:
  void Begin() { ++begun_; }
  // `completely`: removed from authored.db too. Once that failed, every reader has to look for
  // itself.
  void End(bool completely) {
    if (!completely) broken_ = true;
    if (!broken_) done_ = begun_.load();
  }

  [[nodiscard]] std::uint64_t begun() const { return begun_; }
  [[nodiscard]] std::uint64_t done() const { return done_; }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::atomic<std::uint64_t> begun_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<bool> broken_ = false;
};

// Thread-safe; constant after opening where nothing else is said.
struct StorePosition {
  std::string store_id;
  std::atomic<LocalRevision> revision = 0;  // Set after the commit.
  PublishedInFlight in_flight;              // Set before the revision that tells of it.
  MoveCounter moves;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STORE_POSITION_H_
