// The read side of the store: pages, lists and what the sync engine has to know, each answered from
// local data alone.
//
// Calls are synchronous on purpose (docs/adr/0009): a page costs tens of microseconds, a hop to
// another thread costs more. The caller's thread takes a read-only connection of the pool, reads
// one snapshot and gives it back.

#ifndef HARK_DAEMON_STORE_READER_H_
#define HARK_DAEMON_STORE_READER_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/model/commit.h"
#include "daemon/model/conversation.h"
#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/model/outbox.h"
#include "daemon/store/search.h"

namespace hark::store {

// Where a page lies, seen from its anchor.
enum class PageSide {
  kBefore,  // It ends just before the anchor.
  kAfter,   // It begins just after it.
  kAround,  // The anchor is in it, in the middle while both sides have enough.
};

// Which page of a conversation to read.
struct PageQuery {
  ConversationId conversation;
  std::optional<MessageId> anchor;    // Absent: the newest page, pending messages included.
  std::uint32_t limit = 50;           // 1 to limits::kPageSize; clamped.
  PageSide side = PageSide::kBefore;  // Of the anchor; without one it means nothing.
};

// A contiguous stretch of a conversation: it ends at a gap rather than reach over it (guarantee
// G5).
struct MessagePage {
  std::vector<Message> messages;  // Oldest first. Tombstones included.
  bool has_more = false;          // Older ones than these exist, here or at the backend.
  bool has_more_after = false;    // Newer ones do.
  std::uint64_t total_count = 0;  // Not deleted: at the backend and pending here.
  // Lies just before messages.front(). Of an empty page: just before the anchor, or all there is.
  std::optional<Gap> gap_before;
  // Lies just after the last message of the page that has a sequence; if none has, just after the
  // anchor. The page ends there, but for one case: a gap at the end of the conversation lies before
  // the pending messages, and these follow all the same. So a UI has something to show of a
  // conversation whose newest messages are known of and not here.
  std::optional<Gap> gap_after;
  LocalRevision revision = 0;  // Every commit up to this one is in the page.
};

// A place in the conversation list, which is ordered by (last_activity_at, id), newest first.
struct ListPosition {
  WallTime last_activity_at{};
  ConversationId id;

  friend bool operator==(const ListPosition&, const ListPosition&) = default;
};

struct ConversationQuery {
  std::optional<ListPosition> after;  // Absent: from the newest.
  std::uint32_t limit = 50;           // 1 to limits::kPageSize; clamped.
};

struct ConversationPage {
  std::vector<Conversation> conversations;
  std::optional<ListPosition> next;  // Absent when this was the last page.
  std::uint64_t total_count = 0;
  LocalRevision revision = 0;
};

// What a watcher lacks who has everything up to `since`.
struct ChangesQuery {
  LocalRevision since = 0;
  std::optional<ConversationId> conversation;  // Only its messages. Absent: the list, and
  bool messages = true;                        // with this the messages of all of it.
};

// A stretch of the change log: each thing once, as it is now.
struct ChangesPage {
  // `revision`: up to where. Of `gaps_changed` only without a conversation, of the outbox nothing.
  Commit changes;
  bool complete = false;  // Up to the newest commit. Otherwise the next page begins at `revision`.
};

// Where the sync stands, as of the last commit.
struct SyncState {
  std::optional<SyncCursor> cursor;        // Absent: never synced, or reconciling.
  std::optional<WallTime> last_synced_at;  // When the cache was last known to equal the backend.
  bool initial_sync_done = false;          // Once true for the life of the file.
};

struct OutboxState {
  std::vector<OutboxEntry> entries;  // At most limits::kOutboxEntries.
  LocalRevision revision = 0;        // Every commit up to this one is in it.
};

// Which part of the outbox to list.
struct OutboxQuery {
  std::optional<ConversationId> conversation;  // Absent: every one.
  bool stopped = false;                        // Only what waits for the user: kFailed, kExpired.
  std::uint64_t after = 0;                     // Only positions above this one.
  std::uint32_t limit = 50;                    // 1 to limits::kPageSize; clamped.
};

// An entry as a person is shown it.
struct OutboxItem {
  OutboxEntry entry;                       // Not kMarkRead: nobody waits for one.
  std::optional<DeliveryFailure> failure;  // With kFailed.
  std::string content_type;                // A send's, and an edit's whose message is here.
  std::string preview;  // Of a send or an edit, at most limits::kPreviewCharacters.
  bool preview_cut = false;
  bool message_is_here = true;  // In the cache, or itself in the outbox.
};

struct OutboxPage {
  std::vector<OutboxItem> items;  // In submit order.
  // `after` of the next page. Absent when this was the last one.
  std::optional<std::uint64_t> next;
  std::uint64_t total_count = 0;  // Of all pages.
  LocalRevision revision = 0;
};

struct OutgoingEntry {
  OutboxEntry entry;
  Message message;  // A send: all of it. An edit: id, conversation and new content; edited_at.
};

// One stretch of history that should be fetched.
struct FetchItem {
  ConversationId conversation;
  Sequence from = 0;  // Both included.
  Sequence to = 0;
  bool refresh =
      false;  // The rows are here but may be outdated (after a lost cursor): fetch and compare.

  friend bool operator==(const FetchItem&, const FetchItem&) = default;
};

struct FetchPlan {
  // Active conversations first, then by last activity, newest first. At most the asked number.
  std::vector<FetchItem> items;
  // Messages still to be fetched, in all, for progress.
  std::uint64_t missing = 0;
};

struct StoreStatistics {
  std::uint64_t conversations = 0;
  std::uint64_t messages = 0;  // In cache.db, tombstones included.
  std::uint64_t outbox = 0;
  std::uint64_t gaps = 0;
  std::uint64_t cache_bytes = 0;     // With WAL.
  std::uint64_t authored_bytes = 0;  // With WAL.
};

// Safe to call from any thread; blocks for the length of one local query, never for the network and
// never for a running write. Each call sees one consistent snapshot: every commit finished before
// the call started.
//
// Errors common to all: kCorrupt, kInternal, kCancelled (the store is closing).
class Reader {
 public:
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  virtual ~Reader() = default;

  // kNotFound: unknown conversation, or the anchor is not in it. A known conversation without
  // messages is an empty page.
  [[nodiscard]] virtual Result<MessagePage> ReadPage(const PageQuery& query) = 0;

  // Nothing: that cannot be said, so what is watched has to be read again. `since` is too long ago
  // or no revision of this store, gaps of the asked conversation changed meanwhile, or too much did
  // (change_log.h).
  [[nodiscard]] virtual Result<std::optional<ChangesPage>> ReadChanges(
      const ChangesQuery& query) = 0;

  // kNotFound.
  [[nodiscard]] virtual Result<Message> ReadMessage(const MessageId& id) = 0;

  [[nodiscard]] virtual Result<ConversationPage> ListConversations(
      const ConversationQuery& query) = 0;

  // kNotFound.
  [[nodiscard]] virtual Result<Conversation> GetConversation(const ConversationId& id) = 0;

  // All of the outbox in submit order, without contents, and the revision that it shows.
  [[nodiscard]] virtual Result<OutboxState> ReadOutbox() = 0;

  // The same for a person, page by page. kNotFound: unknown conversation.
  [[nodiscard]] virtual Result<OutboxPage> ListOutbox(const OutboxQuery& query) = 0;

  // What the entry at `position` sends. kNotFound: it is gone.
  [[nodiscard]] virtual Result<OutgoingEntry> ReadOutgoing(std::uint64_t position) = 0;

  // Conversations that were last open at or after `since`, most recently opened first, at most
  // `limit`.
  [[nodiscard]] virtual Result<std::vector<ConversationId>> ActiveConversations(
      WallTime since, std::uint32_t limit) = 0;

  // What to fetch next: every gap of reason kNotFetched, every gap but kEvicted of the
  // conversations in `active`, and every stretch marked for refresh.
  [[nodiscard]] virtual Result<FetchPlan> PlanFetches(const std::vector<ConversationId>& active,
                                                      std::uint32_t limit) = 0;

  [[nodiscard]] virtual Result<SyncState> ReadSyncState() = 0;

  [[nodiscard]] virtual Result<StoreStatistics> Statistics() = 0;

  // One page of what matches, pending messages and changes included; deleted messages are not
  // found. Takes milliseconds rather than microseconds: at most limits::kSearchesAtOnce callers at
  // once, or the others wait for a connection. Ends early once `cancelled` is true: kCancelled.
  //
  // kInvalidArgument: search_query.h; or none of it is a word, or it has more than
  // limits::kSearchWords. kNotFound: unknown conversation. kTimeout: it took longer than
  // limits::kSearchTime. A position is that of an earlier page of the same query; with another one,
  // what comes is unspecified.
  [[nodiscard]] virtual Result<SearchPage> Search(const SearchQuery& query,
                                                  const std::atomic<bool>& cancelled) = 0;

  // The newest finished commit. Never decreases, also not over restarts and power loss. Does not
  // touch the disk.
  [[nodiscard]] virtual LocalRevision CurrentRevision() const = 0;

  // Names this store, for as long as it does not go back to what it was (a rollback, a restored
  // backup); part of resume tokens. Constant while open.
  [[nodiscard]] virtual const std::string& StoreId() const = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_READER_H_
