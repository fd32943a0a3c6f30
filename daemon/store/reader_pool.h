// The connections that read. Each slot is a pair, one per file; a call takes a slot, reads one
// snapshot of both and gives it back.

#ifndef HARK_DAEMON_STORE_READER_POOL_H_
#define HARK_DAEMON_STORE_READER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/store/connection.h"
#include "daemon/store/damage_report.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_position.h"
#include "daemon/store/transaction.h"
#include "daemon/store/write_group.h"

namespace hark::store {

// Both files as they are at one moment.
//
// authored.db is looked at first: a send that is acknowledged in between is then seen twice, and
// merged by id, rather than not at all.
class Snapshot {
 public:
  Snapshot(Connection& authored, Connection& cache, const StorePosition& position, WallTime now);

  // Every commit up to this one is seen.
  [[nodiscard]] LocalRevision revision() const { return revision_; }
  [[nodiscard]] const MergedView& view() const { return *view_; }
  [[nodiscard]] Connection& cache() const { return view_->cache; }
  [[nodiscard]] Connection& authored() const { return view_->authored; }

 private:
  const LocalRevision revision_;
  const std::uint64_t moves_done_;
  std::shared_ptr<const InFlight> in_flight_;
  std::optional<ReadTransaction> authored_;
  std::optional<ReadTransaction> cache_;
  std::optional<MergedView> view_;
};

// Thread-safe.
class ReaderPool {
 public:
  // Connections are opened when they are first needed, at most `size` pairs.
  ReaderPool(OpenConnection open_cache, OpenConnection open_authored, std::size_t size,
             const Clock& clock, const StorePosition& position, DamageReport& damage);
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;
  ~ReaderPool() { Close(); }

  // Runs `read(const Snapshot&)`, which answers a Result, on a slot; waits for one while all are in
  // use. An error that new connections may not have is tried once more on such: `read` may be
  // called twice.
  template <typename Read>
  auto Run(Read&& read) -> decltype(read(std::declval<const Snapshot&>()));

  // Waits for the running reads, closes the connections and runs `body` while nobody reads; later
  // reads open what is there then.
  Result<void> WithoutReaders(const std::function<Result<void>()>& body);

  // Waits for the running reads and closes the connections. Later reads answer kCancelled.
  void Close();

 private:
  struct Slot {
    std::unique_ptr<Connection> cache;
    std::unique_ptr<Connection> authored;
  };

  // Null: closed.
  std::unique_ptr<Slot> Take();
  void GiveBack(std::unique_ptr<Slot> slot);
  void OpenIfNeeded(Slot& slot);
  // Closes the slot's connections if the error broke them. Whether to try again.
  bool Drop(Slot& slot, const SQLite::Exception& exception, bool is_second);

  const OpenConnection open_cache_;
  const OpenConnection open_authored_;
  const std::size_t size_;
  const Clock& clock_;
  const StorePosition& position_;
  DamageReport& damage_;

  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Slot>> idle_;
  bool closed_ = false;
  bool paused_ = false;
};

template <typename Read>
auto ReaderPool::Run(Read&& read) -> decltype(read(std::declval<const Snapshot&>())) {
  std::unique_ptr<Slot> slot = Take();
  if (slot == nullptr) return Fail(ErrorCode::kCancelled, "the store is closing");
  auto result = Catching([&]() -> decltype(read(std::declval<const Snapshot&>())) {
    for (bool is_second = false;; is_second = true) {
      try {
        OpenIfNeeded(*slot);
        position_.answers.Wait();
        const Snapshot snapshot(*slot->authored, *slot->cache, position_, clock_.WallNow());
        auto result = read(snapshot);
        slot->authored->CheckPagesRead();
        slot->cache->CheckPagesRead();
        return result;
      } catch (const SQLite::Exception& exception) {
        if (!Drop(*slot, exception, is_second)) throw;
      }
    }
  });
  GiveBack(std::move(slot));
  return result;
}

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_READER_POOL_H_
