// A database file under another key: copied page by page into a new file, which then takes its
// place. SQLCipher's own way would write every page into the log in one transaction, and no reader
// with the old key could read on (ADR 0031).
//
// Who calls keeps both keys until the file is known to be under the new one (file_key.h): the
// rename of the new file is what counts, and a crash leaves one or the other, whole.

#ifndef HARK_DAEMON_STORE_REENCRYPTION_H_
#define HARK_DAEMON_STORE_REENCRYPTION_H_

#include <cstdint>
#include <filesystem>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/store/damage_report.h"
#include "daemon/store/store_parts.h"

namespace hark::store {

// SqlcipherStore::Reencrypt().
void StartReencryption(StoreParts& parts, File file, Secret key, Writer::Done<std::uint64_t> done);

// The same for a file that nobody has open, on the caller's thread. On an error it is as it was.
[[nodiscard]] Result<void> ReencryptClosed(const std::filesystem::path& file, const Secret& old_key,
                                           const Secret& new_key);

// Removes what old keys open beside the files of a store: the backups from before migrations, and
// what was set aside as damaged.
[[nodiscard]] Result<void> RemoveOldCopies(const std::filesystem::path& folder);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_REENCRYPTION_H_
