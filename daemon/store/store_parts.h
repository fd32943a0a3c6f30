// What an open store consists of: shared by SqlcipherStore, which is the outside, and the steps
// that open and mend it.

#ifndef HARK_DAEMON_STORE_STORE_PARTS_H_
#define HARK_DAEMON_STORE_STORE_PARTS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "daemon/store/damage_report.h"
#include "daemon/store/reader_pool.h"
#include "daemon/store/sqlcipher_store.h"
#include "daemon/store/state_file.h"
#include "daemon/store/store_files.h"
#include "daemon/store/store_position.h"
#include "daemon/store/user_jobs.h"
#include "daemon/store/write_group.h"
#include "daemon/store/writer_thread.h"

namespace hark::store {

struct StoreParts {
  // Damage that is reported to `damage` is mended (store_repair.h).
  explicit StoreParts(StoreOptions given);

  // Ways to open a connection to a file. Not longer than this.
  [[nodiscard]] OpenConnection Opens(File file, Access access) const;
  // Writes `state` to the disk. Only makes damage easier to mend: that it cannot be written is no
  // error. Under the mutex, once there are threads.
  void SaveState() const;

  StoreOptions options;
  const StoreFiles files;
  StorePosition position;
  DamageReport damage;
  FailedSeries failed_series;
  std::once_flag closed;

  // Guards what follows.
  mutable std::mutex mutex;
  StoreState state;  // As written to the disk.
  RepairReport last_repair;

  std::atomic<bool> repairing = false;
  std::atomic<bool> closing = false;
  std::atomic<std::uint64_t> newest_series = 0;  // Of the batches that were accepted.
  std::atomic<std::uint64_t> series_before = 0;  // Of the engines before the present one.

  std::unique_ptr<ReaderPool> readers;
  std::unique_ptr<GroupWriter> writer;
  std::unique_ptr<WriterThread> thread;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STORE_PARTS_H_
