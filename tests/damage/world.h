// A store to be damaged, and what has to be in it.

#ifndef HARK_TESTS_DAMAGE_WORLD_H_
#define HARK_TESTS_DAMAGE_WORLD_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/model/message.h"
#include "daemon/model/user_state.h"
#include "daemon/store/sqlcipher_store.h"
#include "daemon/store/state_file.h"

namespace hark::damage {

namespace fs = std::filesystem;

inline const std::string kCacheKey(32, '\x41');
inline const std::string kAuthoredKey(32, '\x42');

// What was written.
struct Expected {
  // Every version of every message that the cache ever had, the newest last.
  std::map<MessageId, std::vector<Message>> messages;
  // The outbox: sends by id, and the number of all entries.
  std::map<MessageId, Message> sends;
  std::size_t outbox = 0;
  // Every version of every draft, the newest last.
  std::map<ConversationId, std::vector<Draft>> drafts;
  std::map<std::pair<ConversationId, std::string>, std::vector<ViewState>> view_states;
};

// Where the rows of a file are: each with the pages that it takes, overflow included.
struct RowPages {
  // By ColumnBytes() of the message's id, DraftKey() or ViewKey().
  std::map<std::string, std::set<std::uint32_t>> rows;
  std::map<std::string, std::vector<std::uint32_t>> classes;  // "leaf", "interior", … to pages.
};

struct World {
  fs::path closed;   // The store after a clean close.
  fs::path killed;   // The store as a kill leaves it: with logs.
  fs::path foreign;  // A store with the same keys and another id.
  Expected at_close;
  Expected at_kill;
  RowPages cache_pages;  // Of `closed`.
  RowPages killed_cache_pages;
  RowPages authored_pages;  // Sends instead of messages, drafts, view states.
  RowPages killed_authored_pages;
  store::NotedFile cache_note;
  store::NotedFile authored_note;
};

// Makes all three below `folder`.
[[nodiscard]] World MakeWorld(const fs::path& folder, std::uint64_t seed);

enum class WriterRuns { kOnItsThread, kByHand };
[[nodiscard]] Result<std::unique_ptr<store::SqlcipherStore>> OpenStore(
    const fs::path& folder, const Clock& clock, WriterRuns writer = WriterRuns::kOnItsThread);

// An id as the columns hold it.
[[nodiscard]] std::string ColumnBytes(const MessageId& id);

// Of rows that are no messages.
[[nodiscard]] std::string DraftKey(const std::string& conversation);
[[nodiscard]] std::string ViewKey(const std::string& conversation, const std::string& ui);

[[nodiscard]] RowPages MapPages(const fs::path& file, const std::string& key,
                                const store::NotedFile& note);

}  // namespace hark::damage

#endif  // HARK_TESTS_DAMAGE_WORLD_H_
