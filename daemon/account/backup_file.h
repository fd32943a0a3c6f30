// The file that a backup is:
//
//   "HARKBAK1"
//   salt                 16 bytes, random
//   data key, sealed     under a key of the account (keys/sealing.h), 68 bytes
//   data key, sealed     under the passphrase, or 68 bytes of nothing
//   length of the next   4 bytes, big endian
//   BackupInfo, sealed   under the data key
//   cache.db             under a key derived from the data key
//   authored.db          under another one
//
// The data key is random and of this backup alone. Every page of the two databases carries its own
// proof, so that none can be changed, exchanged or be missing unseen.

#ifndef HARK_DAEMON_ACCOUNT_BACKUP_FILE_H_
#define HARK_DAEMON_ACCOUNT_BACKUP_FILE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "daemon/account/archive.h"
#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/model/ids.h"
#include "daemon/store/store_copy.h"

namespace hark::account {

struct BackupInfo {
  UserId user;
  std::string backend_url;
  WallTime made_at{};
  std::uint64_t cache_bytes = 0;
  std::uint64_t authored_bytes = 0;
};

// Of the two databases inside.
struct BackupKeys {
  Secret cache;
  Secret authored;
};
[[nodiscard]] BackupKeys KeysOfBackup(const Secret& data_key);

// What comes before the databases. `account_key`: 32 bytes; `passphrase` may be empty.
[[nodiscard]] std::string MakeBackupHeader(const BackupInfo& info, const Secret& data_key,
                                           const Secret& account_key, const Secret& passphrase);

struct OpenedBackup {
  BackupInfo info;
  Secret data_key;
  std::uint64_t header_bytes = 0;
};

// kInvalidArgument: it is no backup, or was cut short; or neither the key nor the passphrase opens
// it. The sentence says which. Takes 0.2 s with a passphrase.
[[nodiscard]] Result<OpenedBackup> OpenBackup(const std::filesystem::path& file,
                                              const Secret& account_key, const Secret& passphrase);

// The bytes of a backup whose databases are in `folder`.
[[nodiscard]] std::unique_ptr<BackupBytes> MakeBackupBytes(std::string header,
                                                           store::CopyFolder folder);

// A new upload, as a file in `folder`.
[[nodiscard]] Result<std::unique_ptr<RestoreUpload>> MakeUpload(
    const std::filesystem::path& folder);
// Removes those that earlier processes left.
void RemoveUploads(const std::filesystem::path& folder);
[[nodiscard]] const std::filesystem::path& FileOf(const RestoreUpload& upload);

// A part of `from` as a file of its own, `to`, which must not exist. kResourceExhausted.
[[nodiscard]] Result<void> ExtractPart(const std::filesystem::path& from, std::uint64_t offset,
                                       std::uint64_t bytes, const std::filesystem::path& to);

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_BACKUP_FILE_H_
