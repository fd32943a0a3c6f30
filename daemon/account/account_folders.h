// The folders of accounts below the data folder: what has to be finished in one before it is
// opened, and its way out.
//
// An account that is to go has its folder renamed first. From then on it is gone: whoever finds
// such a folder at an opening removes it, with the keys.

#ifndef HARK_DAEMON_ACCOUNT_ACCOUNT_FOLDERS_H_
#define HARK_DAEMON_ACCOUNT_ACCOUNT_FOLDERS_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/keys/vault.h"

namespace hark::account {

// `name`: of an account's folder.
[[nodiscard]] std::filesystem::path AccountFolder(const std::filesystem::path& data_dir,
                                                  const std::string& name);

enum class Removal : std::uint8_t {
  kForgotten,  // The account goes, and nobody is signed in to it any more.
  kCleared,    // Its files go, and it begins anew.
};

// Durable when it returns; no error if there is no folder of it. Nobody has its files open.
// FinishRemovals() does the rest.
[[nodiscard]] Result<void> BeginRemoval(const std::filesystem::path& data_dir,
                                        const std::string& name, Removal removal);

// ---- On the vault's thread ----

// Of everything that BeginRemoval() began, now or in an earlier run: the session of a forgotten
// account, then the keys, then the files. Answers how many bytes were removed. After an error the
// rest is there, and calling again goes on.
[[nodiscard]] Result<std::uint64_t> FinishRemovals(keys::Vault& vault,
                                                   const std::filesystem::path& data_dir);

// The same before an opening or a sign-in. Files that cannot be removed are no error here: their
// keys are gone.
[[nodiscard]] Result<void> FinishRemovalsToOpen(keys::Vault& vault,
                                                const std::filesystem::path& data_dir);

// Before an opening: goes on with what was begun with an account's files and not finished when the
// process ended (clearing, restoring), and removes what was left lying. Answers how many bytes of a
// cache were removed.
[[nodiscard]] Result<std::uint64_t> SettleFiles(keys::Vault& vault,
                                                const std::filesystem::path& data_dir,
                                                const std::string& name);

// Removes the cache of an account that nobody has open, after SettleFiles(); the next opening makes
// an empty one. Answers the same. After an error of the vault nothing was begun.
[[nodiscard]] Result<std::uint64_t> ClearClosedFiles(keys::Vault& vault,
                                                     const std::filesystem::path& data_dir,
                                                     const std::string& name);

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_ACCOUNT_FOLDERS_H_
