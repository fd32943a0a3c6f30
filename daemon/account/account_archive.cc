#include "daemon/account/account_archive.h"

#include "daemon/account/backup_file.h"
#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/store/raw_file.h"

namespace hark::account {
namespace {

constexpr std::size_t kKeyBytes = 32;

}  // namespace

Result<std::unique_ptr<store::ExportSource>> AccountArchive::Export(
    std::optional<ConversationId> conversation, const std::atomic<bool>& cancelled) {
  return store_.BeginExport(std::move(conversation), cancelled);
}

Result<std::unique_ptr<BackupBytes>> AccountArchive::Backup(const Secret& passphrase,
                                                            const std::atomic<bool>& cancelled) {
  const std::size_t length = passphrase.bytes().size();
  if (length != 0 && (length < limits::kPassphraseMinBytes || length > limits::kPassphraseBytes)) {
    return Fail(ErrorCode::kInvalidArgument, "A passphrase has 8 to 1,024 bytes.");
  }
  auto folder = store::CopyFolder::Make(files_);
  if (!folder) return tl::unexpected(std::move(folder.error()));
  const Secret data_key = Secret::Random(kKeyBytes);
  const BackupKeys keys = KeysOfBackup(data_key);
  BackupInfo info{owner_.user, owner_.backend_url, clock_.WallNow()};
  if (auto copied = store_.CopyFiles(folder->path(), keys.cache, keys.authored, cancelled); !copied)
    return tl::unexpected(std::move(copied.error()));
  info.cache_bytes = store::SizeOf(folder->path() / "cache.db");
  info.authored_bytes = store::SizeOf(folder->path() / "authored.db");
  log::Info("backup_made", {{"bytes", info.cache_bytes + info.authored_bytes},
                            {"passphrase", !passphrase.empty()}});
  return MakeBackupBytes(MakeBackupHeader(info, data_key, owner_.key, passphrase),
                         *std::move(folder));
}

}  // namespace hark::account
