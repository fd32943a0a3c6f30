#include "daemon/store/error_policy.h"

#include <algorithm>
#include <iterator>

#include <sqlite3.h>

namespace hark::store {
namespace {

struct Decision {
  int code;
  Verdict verdict;
};

// Known by number, since the oldest supported header lacks the names.
constexpr int kErrorReserveSize = SQLITE_ERROR | (4 << 8);
constexpr int kErrorKey = SQLITE_ERROR | (5 << 8);
constexpr int kErrorUnable = SQLITE_ERROR | (6 << 8);
constexpr int kIoInPage = SQLITE_IOERR | (34 << 8);
constexpr int kIoBadKey = SQLITE_IOERR | (35 << 8);
constexpr int kIoCodec = SQLITE_IOERR | (36 << 8);
constexpr int kNoticeRbu = SQLITE_NOTICE | (3 << 8);

constexpr Decision kDecisions[] = {
    // Another connection is in the way, or the schema moved on.
    {SQLITE_ABORT, Verdict::kRetry},
    {SQLITE_BUSY, Verdict::kRetry},
    {SQLITE_LOCKED, Verdict::kRetry},
    {SQLITE_INTERRUPT, Verdict::kRetry},
    {SQLITE_PROTOCOL, Verdict::kRetry},
    {SQLITE_SCHEMA, Verdict::kRetry},
    {SQLITE_ERROR_RETRY, Verdict::kRetry},
    {SQLITE_ERROR_SNAPSHOT, Verdict::kRetry},
    {SQLITE_LOCKED_SHAREDCACHE, Verdict::kRetry},
    {SQLITE_LOCKED_VTAB, Verdict::kRetry},
    {SQLITE_BUSY_RECOVERY, Verdict::kRetry},
    {SQLITE_BUSY_SNAPSHOT, Verdict::kRetry},
    {SQLITE_BUSY_TIMEOUT, Verdict::kRetry},
    {SQLITE_ABORT_ROLLBACK, Verdict::kRetry},
    // The system failed: memory, descriptors, reading, writing, syncing, locking. A statement may
    // have been applied in part, and SQLCipher refuses everything after one failed call.
    {SQLITE_NOMEM, Verdict::kReopen},
    {SQLITE_IOERR, Verdict::kReopen},
    {SQLITE_CANTOPEN, Verdict::kReopen},
    {SQLITE_IOERR_READ, Verdict::kReopen},
    {SQLITE_IOERR_SHORT_READ, Verdict::kReopen},
    {SQLITE_IOERR_WRITE, Verdict::kReopen},
    {SQLITE_IOERR_FSYNC, Verdict::kReopen},
    {SQLITE_IOERR_DIR_FSYNC, Verdict::kReopen},
    {SQLITE_IOERR_TRUNCATE, Verdict::kReopen},
    {SQLITE_IOERR_FSTAT, Verdict::kReopen},
    {SQLITE_IOERR_UNLOCK, Verdict::kReopen},
    {SQLITE_IOERR_RDLOCK, Verdict::kReopen},
    {SQLITE_IOERR_DELETE, Verdict::kReopen},
    {SQLITE_IOERR_BLOCKED, Verdict::kReopen},
    {SQLITE_IOERR_NOMEM, Verdict::kReopen},
    {SQLITE_IOERR_ACCESS, Verdict::kReopen},
    {SQLITE_IOERR_CHECKRESERVEDLOCK, Verdict::kReopen},
    {SQLITE_IOERR_LOCK, Verdict::kReopen},
    {SQLITE_IOERR_CLOSE, Verdict::kReopen},
    {SQLITE_IOERR_DIR_CLOSE, Verdict::kReopen},
    {SQLITE_IOERR_SHMOPEN, Verdict::kReopen},
    {SQLITE_IOERR_SHMSIZE, Verdict::kReopen},
    {SQLITE_IOERR_SHMLOCK, Verdict::kReopen},
    {SQLITE_IOERR_SHMMAP, Verdict::kReopen},
    {SQLITE_IOERR_SEEK, Verdict::kReopen},
    {SQLITE_IOERR_DELETE_NOENT, Verdict::kReopen},
    {SQLITE_IOERR_MMAP, Verdict::kReopen},
    {SQLITE_IOERR_GETTEMPPATH, Verdict::kReopen},
    {SQLITE_IOERR_CONVPATH, Verdict::kReopen},
    {SQLITE_IOERR_VNODE, Verdict::kReopen},
    {SQLITE_IOERR_AUTH, Verdict::kReopen},
    {SQLITE_IOERR_BEGIN_ATOMIC, Verdict::kReopen},
    {SQLITE_IOERR_COMMIT_ATOMIC, Verdict::kReopen},
    {SQLITE_IOERR_ROLLBACK_ATOMIC, Verdict::kReopen},
    {kIoInPage, Verdict::kReopen},
    {SQLITE_CANTOPEN_NOTEMPDIR, Verdict::kReopen},
    {SQLITE_CANTOPEN_ISDIR, Verdict::kReopen},
    {SQLITE_CANTOPEN_FULLPATH, Verdict::kReopen},
    {SQLITE_CANTOPEN_CONVPATH, Verdict::kReopen},
    {SQLITE_CANTOPEN_DIRTYWAL, Verdict::kReopen},
    {SQLITE_CANTOPEN_SYMLINK, Verdict::kReopen},
    {SQLITE_READONLY_RECOVERY, Verdict::kReopen},
    {SQLITE_READONLY_CANTLOCK, Verdict::kReopen},
    {SQLITE_READONLY_CANTINIT, Verdict::kReopen},
    {kIoCodec, Verdict::kReopen},
    // No space, or a medium that takes no writes.
    {SQLITE_PERM, Verdict::kReadOnly},
    {SQLITE_READONLY, Verdict::kReadOnly},
    {SQLITE_FULL, Verdict::kReadOnly},
    {SQLITE_READONLY_ROLLBACK, Verdict::kReadOnly},
    {SQLITE_READONLY_DBMOVED, Verdict::kReadOnly},
    {SQLITE_READONLY_DIRECTORY, Verdict::kReadOnly},
    // What was read is not what was written.
    {kIoBadKey, Verdict::kSetAside},
    {SQLITE_CORRUPT, Verdict::kSetAside},
    {SQLITE_FORMAT, Verdict::kSetAside},
    {SQLITE_NOTADB, Verdict::kSetAside},
    {SQLITE_IOERR_DATA, Verdict::kSetAside},
    {SQLITE_IOERR_CORRUPTFS, Verdict::kSetAside},
    {SQLITE_CORRUPT_VTAB, Verdict::kSetAside},
    {SQLITE_CORRUPT_SEQUENCE, Verdict::kSetAside},
    {SQLITE_CORRUPT_INDEX, Verdict::kSetAside},
    // Our own mistakes, and codes that are no errors.
    {kErrorReserveSize, Verdict::kBug},
    {kErrorKey, Verdict::kBug},
    {kErrorUnable, Verdict::kBug},
    {SQLITE_OK, Verdict::kBug},
    {SQLITE_ERROR, Verdict::kBug},
    {SQLITE_INTERNAL, Verdict::kBug},
    {SQLITE_NOTFOUND, Verdict::kBug},
    {SQLITE_EMPTY, Verdict::kBug},
    {SQLITE_TOOBIG, Verdict::kBug},
    {SQLITE_CONSTRAINT, Verdict::kBug},
    {SQLITE_MISMATCH, Verdict::kBug},
    {SQLITE_MISUSE, Verdict::kBug},
    {SQLITE_NOLFS, Verdict::kBug},
    {SQLITE_AUTH, Verdict::kBug},
    {SQLITE_RANGE, Verdict::kBug},
    {SQLITE_NOTICE, Verdict::kBug},
    {SQLITE_WARNING, Verdict::kBug},
    {SQLITE_ROW, Verdict::kBug},
    {SQLITE_DONE, Verdict::kBug},
    {SQLITE_ERROR_MISSING_COLLSEQ, Verdict::kBug},
    {SQLITE_CONSTRAINT_CHECK, Verdict::kBug},
    {SQLITE_CONSTRAINT_COMMITHOOK, Verdict::kBug},
    {SQLITE_CONSTRAINT_FOREIGNKEY, Verdict::kBug},
    {SQLITE_CONSTRAINT_FUNCTION, Verdict::kBug},
    {SQLITE_CONSTRAINT_NOTNULL, Verdict::kBug},
    {SQLITE_CONSTRAINT_PRIMARYKEY, Verdict::kBug},
    {SQLITE_CONSTRAINT_TRIGGER, Verdict::kBug},
    {SQLITE_CONSTRAINT_UNIQUE, Verdict::kBug},
    {SQLITE_CONSTRAINT_VTAB, Verdict::kBug},
    {SQLITE_CONSTRAINT_ROWID, Verdict::kBug},
    {SQLITE_CONSTRAINT_PINNED, Verdict::kBug},
    {SQLITE_CONSTRAINT_DATATYPE, Verdict::kBug},
    {SQLITE_NOTICE_RECOVER_WAL, Verdict::kBug},
    {SQLITE_NOTICE_RECOVER_ROLLBACK, Verdict::kBug},
    {kNoticeRbu, Verdict::kBug},
    {SQLITE_WARNING_AUTOINDEX, Verdict::kBug},
    {SQLITE_AUTH_USER, Verdict::kBug},
    {SQLITE_OK_LOAD_PERMANENTLY, Verdict::kBug},
    {SQLITE_OK_SYMLINK, Verdict::kBug},
};

const Decision* Find(int code) {
  const auto* found = std::find_if(std::begin(kDecisions), std::end(kDecisions),
                                   [code](const Decision& one) { return one.code == code; });
  return found == std::end(kDecisions) ? nullptr : found;
}

}  // namespace

Verdict VerdictOf(int code) {
  if (const Decision* exact = Find(code)) return exact->verdict;
  const Decision* primary = Find(code & 0xff);
  return primary != nullptr ? primary->verdict : Verdict::kBug;
}

bool IsDecided(int code) {
  return Find(code) != nullptr;
}

int CodeOf(const SQLite::Exception& exception) {
  const int code = exception.getErrorCode();
  const int extended = exception.getExtendedErrorCode();
  // One that was thrown without a connection has no extended code, and says -1.
  return extended > 0 && (extended & 0xff) == (code & 0xff) ? extended : code;
}

bool MakesLogDoubtful(int code) {
  return (code & 0xff) == SQLITE_IOERR;
}

}  // namespace hark::store
