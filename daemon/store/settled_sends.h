// Sends that the backend has acknowledged and the cache has, whose rows in authored.db still wait
// to be removed.
//
// To remove such a row for good takes a sync of each file: the message has to be durable in the
// cache before it leaves authored.db. The next send would wait for both. So the writer only hides
// the row from itself, and removes what is hidden in one go when nobody waits. Readers, and an
// opening after a crash, find such a send in both files and merge by id (docs/adr/0023).
//
// Read markers leave in the same way. That one was acknowledged is known in memory only
// (InFlight::settled): after a crash it is sent once more, which changes nothing.

#ifndef HARK_DAEMON_STORE_SETTLED_SENDS_H_
#define HARK_DAEMON_STORE_SETTLED_SENDS_H_

#include <cstdint>

#include "daemon/store/connection.h"

namespace hark::store {

// Once for each connection that writes authored.db: from here on its table `outbox` is read without
// what is hidden. Statements that write name main.outbox.
void PrepareHiding(Connection& authored);

// In a transaction, and undone with it.
void HideSettled(Connection& authored, std::uint64_t position);

// For a new connection: hides every send that the cache has.
void HideSendsInCache(Connection& authored, Connection& cache);

[[nodiscard]] std::uint64_t CountHidden(Connection& authored);

// In a transaction, once the cache is durable.
void RemoveHidden(Connection& authored);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SETTLED_SENDS_H_
