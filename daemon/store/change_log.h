// The change log of cache.db: which messages and conversations each commit changed. From it a
// watcher that was away is told what it missed, also over a restart of the daemon (guarantee G6).
//
// It holds ids, and says what they are now; so a message that changed ten times is told once. It is
// written in the commit that it tells of. Bounded: what is older than limits::kLogAge or lies more
// than limits::kLogBytes back is forgotten, and a commit of more than limits::kLoggedThings, such
// as those of an initial sync, forgets everything before it. Who stood there reads again.

#ifndef HARK_DAEMON_STORE_CHANGE_LOG_H_
#define HARK_DAEMON_STORE_CHANGE_LOG_H_

#include <optional>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/model/commit.h"
#include "daemon/store/connection.h"
#include "daemon/store/store_info_rows.h"

namespace hark::store {

// In the transaction of `commit`. Answers what was written; nothing if it was too much.
std::optional<std::string> LogCommit(Connection& cache, const Commit& commit, WallTime at);

// At opening, before anything is written: the store stands at `revision` from now on. `promised` is
// what authored.db says of the last commit that it was part of. If the log ends just before that, a
// crash came between the two commits, and the row is added from there; a log that ends earlier
// lacks something, and is forgotten.
void OpenLog(Connection& cache, const Promised& promised, LocalRevision revision, WallTime at);

// Forgets some of what is too old or too much, in a transaction. False: nothing was.
bool TrimLog(Connection& cache, WallTime now);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CHANGE_LOG_H_
