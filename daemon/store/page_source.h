// The pages of one database file as its last finished transaction left them, read without SQLite:
// the log laid over the file, each page checked by itself.

#ifndef HARK_DAEMON_STORE_PAGE_SOURCE_H_
#define HARK_DAEMON_STORE_PAGE_SOURCE_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/base/secret.h"
#include "daemon/store/page_cipher.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/wal_scan.h"

namespace hark::store {

struct SourcePage {
  std::string bytes;   // Plain, kFilePageBytes of them.
  bool stale = false;  // The newest version is damaged; this is an earlier one.
  // Where in the log this version is, and where its transaction ends; 0: it is the file's.
  std::uint64_t offset = 0;
  std::uint64_t committed_at = 0;
};

// How much of the log is laid over the file.
enum class LogPart {
  kWhole,  // All finished transactions, those behind a damaged frame too.
  // The same where the log's shared index is exact: of a store that is open, or was in this boot of
  // the machine. Nothing that was given up is taken for a transaction.
  kIndexed,
  kUsed,  // What SQLite would use: the state before the damage.
};

// What it means that the disk does not give a page (EIO).
enum class Unread : std::uint8_t {
  kUndecided,  // It may be given later: nothing can be concluded of the file.
  kDamaged,    // It is lost, as one that fails its check.
};

// How reading went.
enum class Reading : std::uint8_t {
  kWorks,
  kLacksPages,  // Some were not given, and that is undecided.
  kFails,       // A file that is there was not opened.
};

// Versions of several pages that are used together.
struct VersionSpan {
  std::uint64_t oldest = 0;  // Of their offsets.
  std::uint64_t newest = 0;  // Of where their transactions end.

  explicit VersionSpan(const SourcePage& page) : oldest(page.offset), newest(page.committed_at) {}
  void Add(const SourcePage& page);
};

// Holds its own read-only descriptors; changes nothing. Used by one thread at a time. Of a file
// that is being written it sees a mixture: for files at rest, or whose damage is looked for
// (verify.h).
class PageSource {
 public:
  // `known_salt`: the file's salt as it was noted, for when the file has lost it; may be empty. A
  // file or log that is missing has no pages.
  PageSource(const std::filesystem::path& file, const Secret& key, const std::string& known_salt,
             LogPart part = LogPart::kWhole, Unread unread = Unread::kUndecided);

  // Of everything so far, the constructor's looks included. Unless it works, what was not proven or
  // read here says nothing of the file.
  [[nodiscard]] Reading reading() const { return reading_; }

  // Some page proves that the key is the file's. Looks at all of a small file, at some pages of a
  // large one.
  [[nodiscard]] bool proven() const { return proven_; }

  // Pages that the database has: by the log, else by page 1, and at least what the file holds.
  [[nodiscard]] std::uint32_t page_count() const { return page_count_; }
  // Of these, those that the database itself says it has; 0: it cannot be told.
  [[nodiscard]] std::uint32_t told_page_count() const { return told_page_count_; }

  // Nothing: damaged, zeroed or missing. Numbers begin with 1.
  [[nodiscard]] std::optional<SourcePage> Read(std::uint32_t number) const;

  // Whether pages that were read, none of them stale, are surely of one state of the database: that
  // which the newest of them belongs to. Not if a frame that may be of any page is damaged after
  // the oldest of them, as a newer version of that one may be lost.
  [[nodiscard]] bool AreOfOneState(const VersionSpan& span) const;
  // Damaged frames of the log of which the page cannot be told.
  [[nodiscard]] std::size_t unplaced_frames() const { return unplaced_.size(); }

  // Whether pages of transactions that SQLite would not use are in the file already: without them
  // the file is of no one state.
  [[nodiscard]] bool IsLostPartCopied() const;

  // The file holds this page as zeros, and so does the log.
  [[nodiscard]] bool IsZeroed(std::uint32_t number) const;

  [[nodiscard]] const WalScan& wal() const { return wal_; }
  // As it is in the file, or what else makes pages verify.
  [[nodiscard]] const std::string& salt() const { return salt_; }
  [[nodiscard]] bool salt_is_damaged() const { return salt_is_damaged_; }

  // The bytes of the file as they are. False: it is shorter, or they cannot be read.
  [[nodiscard]] bool ReadRaw(std::uint32_t number, std::string& page) const;

 private:
  [[nodiscard]] Descriptor Open(const std::filesystem::path& file);
  [[nodiscard]] bool ReadFrom(const Descriptor& file, std::uint64_t offset,
                              std::string& bytes) const;
  [[nodiscard]] std::string FirstBytes() const;
  [[nodiscard]] std::string SaltInLog() const;
  [[nodiscard]] std::string ReadIndex(const std::filesystem::path& file);
  [[nodiscard]] bool ProveWith(const Secret& key, const std::string& salt);
  void NoteVersions();
  void CountPages();

  const Unread unread_;
  mutable Reading reading_ = Reading::kWorks;
  Descriptor file_;
  Descriptor log_;
  std::string salt_;
  bool salt_is_damaged_ = false;
  bool proven_ = false;
  std::optional<PageCipher> cipher_;
  WalScan wal_;
  struct Version {
    std::uint64_t offset = 0;
    std::uint64_t committed_at = 0;
    bool whole = false;
  };
  // Where each page is in the log, oldest first, whole or not.
  std::unordered_map<std::uint32_t, std::vector<Version>> in_log_;
  std::vector<std::uint64_t> unplaced_;  // Offsets, rising.
  std::uint32_t page_count_ = 0;
  std::uint32_t told_page_count_ = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_PAGE_SOURCE_H_
