// What of an authored.db only this machine has, to say what would be lost if another one took its
// place.

#ifndef HARK_DAEMON_STORE_AUTHORED_STATE_H_
#define HARK_DAEMON_STORE_AUTHORED_STATE_H_

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/model/outbox.h"

namespace hark::store {

class Connection;

// What an entry of the outbox is, whichever copy of the store it is in. Not its position alone: a
// store that was put back to a backup counts on from there, and so does the other one.
struct AuthoredEntry {
  using Digest = std::array<unsigned char, 32>;  // SHA-256.

  OutboxKind kind = OutboxKind::kSend;
  std::string conversation;
  std::string message;              // Empty: a read marker.
  Digest content{};                 // Of sends and edits: they can be rewritten where they are.
  std::uint64_t read_sequence = 0;  // Read markers.
  std::uint64_t position = 0;       // Edits and deletions.
  std::int64_t submitted_at = 0;    // The same. Milliseconds.

  friend auto operator<=>(const AuthoredEntry&, const AuthoredEntry&) = default;
};

struct AuthoredState {
  std::int64_t version = 0;  // Of the schema.
  std::uint32_t generation = 0;
  std::set<AuthoredEntry> entries;
  // With a text: conversation and version, which is never used twice, not even after a restore.
  std::set<std::pair<std::string, std::int64_t>> drafts;
};

// Of any schema. May throw SQLite::Exception.
[[nodiscard]] AuthoredState ReadAuthored(Connection& authored);
// Removes the sends that `cache`, of any schema, has as messages: where it is, they have arrived.
// May throw SQLite::Exception.
void DropDelivered(AuthoredState& state, Connection& cache);

// The same of files that nobody has open. kNotFound, kCorrupt.
[[nodiscard]] Result<AuthoredState> ReadAuthored(const std::filesystem::path& file,
                                                 const Secret& key);
[[nodiscard]] Result<void> DropDelivered(AuthoredState& state, const std::filesystem::path& cache,
                                         const Secret& key);

struct LostAuthored {
  std::uint64_t entries = 0;
  std::uint64_t drafts = 0;

  [[nodiscard]] std::uint64_t all() const { return entries + drafts; }
};

// What `present` has and `other` has not.
[[nodiscard]] LostAuthored CountLost(const AuthoredState& present, const AuthoredState& other);

// "2 unsent entries and 1 draft": a part of a sentence.
[[nodiscard]] std::string TextOf(const LostAuthored& lost);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_AUTHORED_STATE_H_
