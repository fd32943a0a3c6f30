// The folder of one account and the keys of its two files, ready for the store to be opened.

#ifndef HARK_DAEMON_ACCOUNT_ACCOUNT_FILES_H_
#define HARK_DAEMON_ACCOUNT_ACCOUNT_FILES_H_

#include <filesystem>
#include <optional>
#include <string>

#include "daemon/account/session_record.h"
#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/keys/vault.h"

namespace hark::account {

inline constexpr char kCacheFile[] = "cache.db";
inline constexpr char kAuthoredFile[] = "authored.db";

struct AccountFiles {
  std::string name;  // Of the folder, below accounts/.
  Secret cache_key;
  Secret authored_key;
  Secret backup_key;  // Seals the keys of backups.
  bool made = false;  // The files must be there.
};

// The account of a session, which is made known to the vault if it is new. Where a file was being
// replaced by one under another key when the process ended, that is settled first: by the pages of
// the file. Errors are the vault's. On the vault's thread.
[[nodiscard]] Result<AccountFiles> FindFiles(keys::Vault& vault,
                                             const std::filesystem::path& data_dir,
                                             const SessionRecord& record);
// The same for the folder of an account.
[[nodiscard]] Result<AccountFiles> FindFiles(keys::Vault& vault,
                                             const std::filesystem::path& data_dir,
                                             const std::string& name);

// As FindFiles(), after SettleFiles(): for an account that nobody has open.
[[nodiscard]] Result<AccountFiles> FindFilesToOpen(keys::Vault& vault,
                                                   const std::filesystem::path& data_dir,
                                                   const SessionRecord& record);

// The session that was saved last; nothing if nobody ever signed in, or there are no keys yet. A
// token that is stored and another's, is none.
[[nodiscard]] Result<std::optional<SessionRecord>> LoadSession(keys::Vault& vault);
// The token goes where the vault keeps tokens. After an error the session is as it was.
[[nodiscard]] Result<void> SaveSession(keys::Vault& vault, const SessionRecord& record);
// Of that, the token alone.
[[nodiscard]] Result<void> SaveToken(keys::Vault& vault, const SessionRecord& record);
// Forgets it and the token, if it is that of the account with this folder.
[[nodiscard]] Result<void> EndSession(keys::Vault& vault, const std::string& name);

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_ACCOUNT_FILES_H_
