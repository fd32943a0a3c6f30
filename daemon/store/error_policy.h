// What each code of SQLite and SQLCipher means here: the one table. No verdict deletes anything.

#ifndef HARK_DAEMON_STORE_ERROR_POLICY_H_
#define HARK_DAEMON_STORE_ERROR_POLICY_H_

#include <cstdint>

#include <SQLiteCpp/Exception.h>

namespace hark::store {

enum class Verdict : std::uint8_t {
  kRetry,     // Nothing is wrong with the file or the connection: the same call may succeed later.
  kReopen,    // The connection is not to be trusted any more, the file may be sound.
  kReadOnly,  // Disk full, or not to be written to: writes are refused, reads go on.
  kSetAside,  // The file is damaged. One failed allocation inside the cipher looks the same, so it
              // counts only when a new connection finds it too.
  kBug,       // A statement or call of ours is wrong, or a value is one that never gets here.
};

// Extended codes that are not in the table are judged as their primary code.
[[nodiscard]] Verdict VerdictOf(int code);

// Whether the table itself names the code; for the test that compares it with sqlite3.h.
[[nodiscard]] bool IsDecided(int code);

// The extended code, if there is one.
[[nodiscard]] int CodeOf(const SQLite::Exception& exception);

// Whether the connection has to be opened again before its next use.
[[nodiscard]] constexpr bool NeedsReopening(Verdict verdict) {
  return verdict == Verdict::kReopen || verdict == Verdict::kSetAside;
}

// Whether what is in the write-ahead log may never reach the disk, although it can be read and a
// later sync succeeds: after a failed sync the kernel believes to have written it.
[[nodiscard]] bool MakesLogDoubtful(int code);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_ERROR_POLICY_H_
