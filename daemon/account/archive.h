// Taking an account's data out of the daemon: exports, which anybody can read, and backups, which
// only this account can be put back to; and the way back in.

#ifndef HARK_DAEMON_ACCOUNT_ARCHIVE_H_
#define HARK_DAEMON_ACCOUNT_ARCHIVE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/model/ids.h"
#include "daemon/store/export.h"

namespace hark::account {

// The bytes of a backup, as the one file that they are. Used by one thread at a time; independent
// of the account, which may be closed meanwhile. What it reads from is removed with it.
class BackupBytes {
 public:
  BackupBytes() = default;
  BackupBytes(const BackupBytes&) = delete;
  BackupBytes& operator=(const BackupBytes&) = delete;
  virtual ~BackupBytes() = default;

  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // At most limits::kExportPartBytes; empty: that was all. Milliseconds.
  [[nodiscard]] virtual Result<std::string> Next() = 0;
};

// Of one account. Safe to call from any thread but the account's own; each call takes as long as
// copying the files takes, and `cancelled` ends it early (kCancelled).
class Archive {
 public:
  virtual ~Archive() = default;

  // store::SqlcipherStore::BeginExport().
  [[nodiscard]] virtual Result<std::unique_ptr<store::ExportSource>> Export(
      std::optional<ConversationId> conversation, const std::atomic<bool>& cancelled) = 0;

  // As of now; everything goes on meanwhile. With a `passphrase` it can be put back by that too,
  // otherwise with this machine's keys only. kResourceExhausted: disk full.
  [[nodiscard]] virtual Result<std::unique_ptr<BackupBytes>> Backup(
      const Secret& passphrase, const std::atomic<bool>& cancelled) = 0;
};

// A backup on its way in: a file that is removed with this object. Used by one thread at a time.
class RestoreUpload {
 public:
  RestoreUpload() = default;
  RestoreUpload(const RestoreUpload&) = delete;
  RestoreUpload& operator=(const RestoreUpload&) = delete;
  virtual ~RestoreUpload() = default;

  // kInvalidArgument: it does not begin as a backup does. kResourceExhausted: disk full.
  [[nodiscard]] virtual Result<void> Append(std::string_view bytes) = 0;
};

struct RestoreOptions {
  Secret passphrase;  // Empty: with the keys of this machine.
  bool discard_unsent = false;
};

struct RestoreOutcome {
  WallTime made_at{};
  std::uint64_t conversations = 0;
  std::uint64_t messages = 0;
  std::uint64_t outbox = 0;        // Entries that wait in it.
  std::uint64_t entries_lost = 0;  // Of the outbox, and drafts, that are not in the backup.
  std::string aside;               // The folder with the files that were replaced.
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_ARCHIVE_H_
