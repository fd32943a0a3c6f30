// An account's exports and backups.

#ifndef HARK_DAEMON_ACCOUNT_ACCOUNT_ARCHIVE_H_
#define HARK_DAEMON_ACCOUNT_ACCOUNT_ARCHIVE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daemon/account/archive.h"
#include "daemon/base/clock.h"
#include "daemon/base/secret.h"
#include "daemon/model/ids.h"
#include "daemon/store/sqlcipher_store.h"
#include "daemon/store/store_files.h"

namespace hark::account {

// Whose backups they are. `key`: 32 bytes, which seal the keys of backups.
struct ArchiveOwner {
  UserId user;
  std::string backend_url;
  Secret key;
};

// Thread-safe, as Archive says.
class AccountArchive final : public Archive {
 public:
  // `store` and `clock` outlive it. `files`: of the store.
  AccountArchive(store::SqlcipherStore& store, store::StoreFiles files, ArchiveOwner owner,
                 const Clock& clock)
      : store_(store), files_(std::move(files)), owner_(std::move(owner)), clock_(clock) {}

  [[nodiscard]] Result<std::unique_ptr<store::ExportSource>> Export(
      std::optional<ConversationId> conversation, const std::atomic<bool>& cancelled) override;
  [[nodiscard]] Result<std::unique_ptr<BackupBytes>> Backup(
      const Secret& passphrase, const std::atomic<bool>& cancelled) override;

 private:
  store::SqlcipherStore& store_;
  const store::StoreFiles files_;
  const ArchiveOwner owner_;
  const Clock& clock_;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_ACCOUNT_ARCHIVE_H_
