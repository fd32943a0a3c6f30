// What of an authored.db only this machine has, to say what would be lost if another one took its
// place.

#ifndef HARK_DAEMON_STORE_AUTHORED_STATE_H_
#define HARK_DAEMON_STORE_AUTHORED_STATE_H_

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"

namespace hark::store {

struct AuthoredState {
  std::int64_t version = 0;  // Of the schema.
  std::uint32_t generation = 0;
  std::set<std::int64_t> positions;  // Of the outbox; never used twice in one store.
  std::set<std::pair<std::string, std::int64_t>> drafts;  // With a text: conversation and version.
};

// Of any schema. Nobody writes the file. kNotFound, kCorrupt.
[[nodiscard]] Result<AuthoredState> ReadAuthored(const std::filesystem::path& file,
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
