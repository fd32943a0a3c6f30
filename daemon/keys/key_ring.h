// The key ring: one small file in the data folder, `keyring`, that says which master key the data
// needs and holds, encrypted under it, the random key of every database file.
//
// In clear: the kind of the key store, the installation's id, the generation of the master key and
// a check value of it, so that a wrong key is told from a damaged file before any file is opened.
// Encrypted: everything in RingContent. So a rotation of the master key rewrites this one file, and
// the key of a database file is destroyed by leaving it out (ADR 0030).

#ifndef HARK_DAEMON_KEYS_KEY_RING_H_
#define HARK_DAEMON_KEYS_KEY_RING_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/keys/key_source.h"

namespace hark::keys {

// One key of one database file. 32 random bytes.
struct FileKey {
  std::uint32_t generation = 0;  // Rises with each new key of this file.
  Secret key;
};

// While a file is being replaced by one under a new key there are two, and the file itself says by
// its pages which of them it is under.
struct FileKeys {
  FileKey current;
  std::optional<FileKey> next;
};

struct AccountKeys {
  // Its files were made: from then on they must be there.
  bool made = false;
  std::map<std::string, FileKeys> files;  // By name: "cache.db".
};

struct RingContent {
  Secret names;  // From which the names of account folders are derived; never changes.
  std::map<std::string, AccountKeys> accounts;  // By folder.
  std::map<std::string, Secret> secrets;        // By name.
};

struct KeyRing {
  KeyKind kind = KeyKind::kFile;
  KeyLabel label;
  std::string check;     // Of the master key.
  std::string sealed;    // RingContent.
  std::string recovery;  // The master key under the recovery code; empty: there is none.
};

// What tells, without any database file, whether a key is the one that `label` names. Gives nothing
// away: derived from all 256 random bits.
[[nodiscard]] std::string CheckValue(const Secret& master, const KeyLabel& label);

// Sets `check` and `sealed`.
void SealContent(KeyRing& ring, const Secret& master, const RingContent& content);
// kCorrupt: not made with this key, or changed since.
[[nodiscard]] Result<RingContent> UnsealContent(const KeyRing& ring, const Secret& master);

// Sets `recovery`.
void SealRecovery(KeyRing& ring, const Secret& master, const Secret& code);
// Nothing: it is not the code of this key.
[[nodiscard]] std::optional<Secret> UnsealRecovery(const KeyRing& ring, const Secret& code);

// Of the two copies the first that is whole. kNotFound: there is neither. kCorrupt: neither is
// whole, or one cannot be trusted (private_file.h).
[[nodiscard]] Result<KeyRing> ReadKeyRing(const std::filesystem::path& folder);

// Replaces both copies, one after the other, each atomically; durable on return. From the first
// rename on the new one counts, so an error means that the old one still does; a copy that cannot
// be written is logged, and mended later. kResourceExhausted: the disk is full. `at`: as in
// VaultOptions.
[[nodiscard]] Result<void> WriteKeyRing(const std::filesystem::path& folder, const KeyRing& ring,
                                        const std::function<void()>& at);

// Makes the copies alike after a crash between the two, or damage of one. `ring`: as it was read.
[[nodiscard]] Result<void> MendKeyRing(const std::filesystem::path& folder, const KeyRing& ring);

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_KEY_RING_H_
