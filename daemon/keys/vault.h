// All keys of one data folder: the master key in its key store, and the key ring that it opens.
//
// Nothing is kept in memory between two calls: each reads the key ring and asks the key store, so
// that whatever a person puts right is seen, and a locked key store protects what is not open.

#ifndef HARK_DAEMON_KEYS_VAULT_H_
#define HARK_DAEMON_KEYS_VAULT_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/keys/key_ring.h"
#include "daemon/keys/key_source.h"
#include "daemon/keys/key_status.h"

namespace hark::keys {

struct VaultOptions {
  std::filesystem::path data_dir;
  // What was asked for by flag or configuration. Absent: what the key ring says, and `default_kind`
  // when there is none yet.
  std::optional<KeyKind> kind;
  std::function<KeyKind()> default_kind;
  std::function<std::unique_ptr<KeySource>(KeyKind)> make_source;
  const Clock* clock = nullptr;  // Outlives the vault.
  // The session of an installation from before there were key rings.
  std::filesystem::path old_session;
  // Called before each action that a crash may come between; for tests. May throw.
  std::function<void()> at = {};
};

// Used by one thread at a time, never the I/O thread: every call may wait for the key store
// (key_source.h).
//
// When a call fails for the sake of the keys its error is kLocked or kCorrupt, the sentence says
// what to do, Status() has the state, and no byte on the disk has changed. kNotFound: there are no
// keys yet. kResourceExhausted: the disk is full, and everything is as it was.
class Vault {
 public:
  explicit Vault(VaultOptions options);
  ~Vault();
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  // While one lives, the key store is asked once, and not by each call.
  class Batch {
   public:
    explicit Batch(Vault& vault) : vault_(vault) { vault_.batch_ = true; }
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch() {
      vault_.batch_ = false;
      vault_.held_ = Secret();
    }

   private:
    Vault& vault_;
  };

  // ---- The state ----

  // Looks afresh. Status() has the answer too.
  Result<void> Look();
  // As the last call found it.
  [[nodiscard]] const KeyStatus& Status() const { return status_; }
  // The first key, if there is none yet. No error if there is one. A key store that is there and
  // takes no key now, is an error, and no other kind is chosen instead.
  [[nodiscard]] Result<void> Create();

  // ---- Keys of database files ----
  //
  // A file that is replaced by one with the same rows under another key (rotation) goes through:
  // BeginNewKey(), which is durable; make the new file complete
  // beside the old one, under the new key; rename it over the old one; FinishNewKey(), which
  // destroys the old key: no copy of the old file can be read any more, by whatever key. A crash in
  // between leaves two keys; at the next opening FileKeys are asked which of them the file is under
  // (store/file_key.h), and FinishNewKey() or DropNewKey() is called accordingly. If the file
  // cannot be replaced: DropNewKey().

  // The name of the account's folder: tells neither the user nor the backend to who reads the disk,
  // and is the same at each sign-in, also after a rotation.
  [[nodiscard]] Result<std::string> FolderOf(const std::string& backend_url,
                                             const std::string& user);

  // Of the two files of an account. They are made, durably, if there are none.
  [[nodiscard]] Result<AccountKeys> KeysOf(const std::string& folder);
  // The files exist now: an opening that finds neither is an error from here on.
  [[nodiscard]] Result<void> SetMade(const std::string& folder);

  // Another key for a file that goes, in one step: the old one, and one that was begun, are
  // destroyed before the file is removed. kNotFound: no such account or file.
  [[nodiscard]] Result<Secret> RenewKey(const std::string& folder, const std::string& file);
  // A new key for a file beside the present one, of the next generation. kNotFound: no such account
  // or file. kConflict: one was begun already and has to be finished or dropped first, since the
  // file may be under it.
  [[nodiscard]] Result<FileKey> BeginNewKey(const std::string& folder, const std::string& file);
  // The new key is the file's key; the old one is destroyed. No error if none was begun.
  [[nodiscard]] Result<void> FinishNewKey(const std::string& folder, const std::string& file);
  // The old key stays the file's key; the new one is destroyed. No error if none was begun.
  [[nodiscard]] Result<void> DropNewKey(const std::string& folder, const std::string& file);

  // Destroys every key of an account, after which nothing of its files, backups and copies can be
  // read, by whatever key. No error if there is none.
  [[nodiscard]] Result<void> ForgetAccount(const std::string& folder);

  // What seals the keys of backups: the same as long as this installation has its key ring, also
  // after rotations, and also for an account that was forgotten meanwhile.
  [[nodiscard]] Result<Secret> BackupKey();

  // The folders of all accounts that have keys.
  [[nodiscard]] Result<std::vector<std::string>> Accounts();

  // ---- Small secrets ----

  // In the key ring, encrypted. Absent: none. An empty one is forgotten.
  [[nodiscard]] Result<std::optional<Secret>> LoadSecret(const std::string& name);
  [[nodiscard]] Result<void> StoreSecret(const std::string& name, const Secret& secret);
  // The backend's token: in the key store, where that keeps tokens.
  [[nodiscard]] Result<std::optional<Secret>> LoadToken();
  [[nodiscard]] Result<void> StoreToken(const Secret& token);

  // ---- The master key ----

  // Puts a new master key in the place of the present one, in the key store of `to` if given. The
  // keys of files stay; the recovery code becomes invalid, which is answered. Atomic: a crash
  // leaves the old one in force, or the new one. A kind that was asked for at the start does not
  // count any more then; the next start has to ask for the new one, or for none. kPrecondition: the
  // key store is only read and has no new key ready.
  [[nodiscard]] Result<bool> Rotate(std::optional<KeyKind> to);

  // A code that opens this installation when its key store is lost; in the place of an earlier one.
  // It is not kept: this answer is the only copy.
  [[nodiscard]] Result<Secret> MakeRecoveryCode();
  // With that code: puts the master key back into the key store, into that of the asked-for kind if
  // another kind is recorded. kInvalidArgument: no recovery code, or not the one.
  [[nodiscard]] Result<void> Recover(const Secret& code);

 private:
  struct Opened {
    KeyRing ring;
    Secret master;
    RingContent content;
    bool is_labelled = true;     // The key store knows whose the master key is.
    bool has_leftovers = false;  // Other keys that may be of this store are in the key store.
    bool adopted = false;  // Of an installation from before there were key rings: not written.
  };

  // Every call begins here. Sets the status.
  [[nodiscard]] Result<Opened> Open();
  // On an error `state` says which.
  [[nodiscard]] Result<Opened> TryOpen(KeyState& state);
  [[nodiscard]] Result<Opened> Adopt(KeyState& state);
  [[nodiscard]] Result<void> FindMaster(Opened& opened, KeyState& state);
  [[nodiscard]] Result<void> Save(Opened& opened);
  [[nodiscard]] Result<void> Change(const std::function<Result<void>(RingContent&)>& change);
  // After a crash: what it kept from being removed.
  [[nodiscard]] Result<void> CleanUp(Opened& opened);
  // A key store that the key is not in: nothing of this installation stays there.
  [[nodiscard]] Result<void> Empty(KeyKind kind, const Opened& opened) const;
  [[nodiscard]] bool HasAccounts() const;
  [[nodiscard]] KeySource& Source(KeyKind kind);
  void At() const;
  // Nothing: whichever is recorded.
  [[nodiscard]] std::optional<KeyKind> AskedKind() const {
    return moved_to_ ? moved_to_ : options_.kind;
  }

  const VaultOptions options_;
  // Where Rotate() moved the key to. For the rest of this process it stands for what was asked for
  // at the start.
  std::optional<KeyKind> moved_to_;
  KeyStatus status_;
  std::unique_ptr<KeySource> source_;
  bool batch_ = false;
  // What the key store answered, for the length of a Batch: the master key, and what Opened says of
  // it.
  Secret held_;
  bool held_is_labelled_ = true;
  bool held_has_leftovers_ = false;
};

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_VAULT_H_
