// The values of the SDK: plain structs, copied freely, without behaviour. They mirror
// proto/hark/v1, whose comments are the contract. Text is UTF-8; times are UTC with microseconds;
// sizes are bytes. Enums have a `kUnknown` for what a newer daemon may send.

#ifndef HARK_CLIENT_TYPES_H_
#define HARK_CLIENT_TYPES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hark/trouble.h"

namespace hark::client {

using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

// Content of one message, in bytes.
inline constexpr std::size_t kMaxContentBytes = 65'536;
// Conversations or messages of one page or snapshot.
inline constexpr std::uint32_t kMaxPageSize = 200;
inline constexpr std::uint32_t kDefaultPageSize = 50;
// Hits of one page of a search, and bytes of what is looked for.
inline constexpr std::uint32_t kMaxSearchPageSize = 100;
inline constexpr std::uint32_t kDefaultSearchPageSize = 20;
inline constexpr std::size_t kMaxSearchBytes = 1'024;
// Metadata of one message: entries, and bytes of all keys and values together.
inline constexpr std::size_t kMaxMetadataEntries = 32;
inline constexpr std::size_t kMaxMetadataBytes = 4'096;
// A token of the backend: visible ASCII.
inline constexpr std::size_t kMaxTokenBytes = 4'096;

// Who wrote a message.
enum class Role { kUnknown, kUser, kAssistant, kSystem };

// Where a message written on this machine stands on its way to the backend.
enum class Delivery {
  kUnknown,     // A state of a newer daemon, which this SDK does not know.
  kQueued,      // On disk here; sent when there is a connection.
  kSending,     // On its way; no answer yet.
  kSent,        // At the backend. Every message that came from the backend is kSent.
  kFailed,      // Refused for good: see Message::failure. Later messages of the conversation wait.
  kUnanswered,  // It left and no answer came. Asked again with the next connection; stored once.
  kExpired,     // Waited too long, no longer tried by itself. Content kept: retry or cancel it.
  kCancelled,   // Withdrawn. Only in the answer to CancelMessage and DeleteMessage.
};

// Why a message, or a change of one, is kFailed.
struct DeliveryFailure {
  // NOT_FOUND, INVALID, TOO_LARGE, CONFLICT, PERMISSION or UNSUPPORTED.
  std::string reason;
  // A sentence for a person.
  std::string message;
  // The same may succeed when it is tried again; otherwise only other content does.
  bool can_retry = false;
  // With can_retry: how long the backend asks to wait, from its refusal. 0: it did not say.
  std::chrono::milliseconds retry_after{0};

  friend bool operator==(const DeliveryFailure&, const DeliveryFailure&) = default;
};

// An edit or a deletion made on this machine that the backend has not acknowledged.
struct PendingChange {
  enum class Kind { kUnknown, kEdit, kDelete };
  Kind kind = Kind::kUnknown;
  // kQueued, kSending, kUnanswered: the message is shown as changed. kFailed, kExpired: the change
  // did not come about, and the message is shown as the backend has it.
  Delivery delivery = Delivery::kUnknown;
  // Set when delivery is kFailed. Reason CONFLICT: somebody else changed the message first.
  std::optional<DeliveryFailure> failure;
  // With a kFailed or kExpired edit: the text that was not accepted.
  std::string content;

  friend bool operator==(const PendingChange&, const PendingChange&) = default;
};

struct Message {
  // The same for the message's whole life, pending or not, on every device.
  std::string id;
  std::string conversation_id;
  Role role = Role::kUnknown;
  // Empty when `deleted`.
  std::string content;
  std::string content_type;
  std::map<std::string, std::string> metadata;
  std::optional<Time> created_at;
  std::optional<Time> edited_at;
  // The place in the conversation, from 1; 0 while not kSent. Those without one come last, in the
  // order of submission.
  std::uint64_t sequence = 0;
  std::uint64_t revision = 0;
  std::string server_id;
  bool deleted = false;
  Delivery delivery = Delivery::kUnknown;
  // Set when delivery is kFailed.
  std::optional<DeliveryFailure> failure;
  // What was done to it here and the backend has not acknowledged.
  std::optional<PendingChange> pending_change;

  friend bool operator==(const Message&, const Message&) = default;
};

// How much of a conversation is in the local cache.
enum class CacheState { kUnknown, kComplete, kPartial };

// One conversation, as a list shows it.
struct Conversation {
  std::string id;
  std::string title;
  std::optional<Time> last_activity_at;
  // The beginning of the newest message, at most 200 characters.
  std::string preview;
  std::uint64_t unread_count = 0;
  // Every message up to this sequence has been read.
  std::uint64_t read_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t message_count = 0;
  // Messages written here that are not kSent, and those of them that wait for the user: kFailed or
  // kExpired.
  std::uint32_t pending_count = 0;
  std::uint32_t failed_count = 0;
  CacheState cache_state = CacheState::kUnknown;
  // Some UI has it open, or had it open within the last hours.
  bool active = false;
  // The user has a draft in it. Follows the draft within 500 ms.
  bool has_draft = false;

  friend bool operator==(const Conversation&, const Conversation&) = default;
};

// Messages that exist at the backend and not here. A UI shows that something is missing there.
struct Gap {
  enum class Reason { kUnknown, kNotFetched, kLimited, kEvicted };
  // Sequences, both included.
  std::uint64_t from_sequence = 0;
  std::uint64_t to_sequence = 0;
  Reason reason = Reason::kUnknown;

  friend bool operator==(const Gap&, const Gap&) = default;
};

// How fresh an answer from the cache is.
struct Freshness {
  // One number per commit of the daemon, never going back.
  std::uint64_t revision = 0;
  // When the cache was last known to equal the backend; absent if never.
  std::optional<Time> as_of;
  // Changes arrive as they happen.
  bool live = false;
};

struct ConversationPage {
  // By last activity, newest first.
  std::vector<Conversation> conversations;
  // For the next page; empty when this was the last.
  std::string next_page_token;
  // In all pages.
  std::uint64_t total_count = 0;
  Freshness freshness;
};

struct MessagePage {
  // Oldest first, and contiguous: a gap ends the page.
  std::vector<Message> messages;
  // There are older messages than these, here or at the backend.
  bool has_more = false;
  // There are newer ones.
  bool has_more_after = false;
  std::uint64_t total_count = 0;
  // What is missing just before the first message, if anything.
  std::optional<Gap> gap_before;
  // What is missing just after the last message that has a sequence, if anything. Pending messages
  // may follow it all the same.
  std::optional<Gap> gap_after;
  Freshness freshness;
};

struct SyncStatus {
  enum class State {
    kUnknown,
    kSignedOut,  // Nothing leaves the machine. What is cached is readable.
    kOffline,    // No connection; `reason` says why, next_attempt_at when it is tried again.
    kConnecting,
    kCatchingUp,    // Connected; `progress` tells how far.
    kLive,          // Equal to the backend; changes arrive as they happen.
    kAuthRequired,  // The backend refused the token: sign in again.
    kDegraded,      // Something else needs attention; `reason` says what.
  };
  // Messages fetched, of those that were missing here.
  struct Progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };

  State state = State::kUnknown;
  std::optional<Time> since;
  // A sentence for a person; may be empty.
  std::string reason;
  // With kOffline and kAuthRequired: why there is no connection.
  Trouble trouble = Trouble::kUnknown;
  std::optional<Progress> progress;
  // This catching-up is the account's first on this machine.
  bool initial = false;
  std::optional<Time> next_attempt_at;
  // When the cache was last known to equal the backend; absent if never.
  std::optional<Time> last_synced_at;
  // Messages and read markers waiting to be delivered.
  std::uint32_t pending_count = 0;
};

struct AccountInfo {
  enum class State {
    kUnknown,
    kNone,  // Never signed in: there is nothing to read.
    kSignedIn,
    kSignedOut,     // Readable, not synced.
    kAuthRequired,  // The backend no longer accepts the token.
  };
  State state = State::kUnknown;
  std::string user_id;
  std::string backend_url;
};

struct VersionInfo {
  std::string version;
  std::uint32_t api_major = 0;
  std::uint32_t api_minor = 0;
  // Stable lower-case words.
  std::vector<std::string> capabilities;
  std::string cipher_version;
  std::uint32_t process_id = 0;
  std::optional<Time> started_at;
  // Where the daemon's files are; empty: it does not say.
  std::string data_dir;
};

// A distribution of durations. Percentiles are within 10 % of the true value.
struct LatencySummary {
  std::uint64_t count = 0;
  std::chrono::microseconds p50{0};
  std::chrono::microseconds p95{0};
  std::chrono::microseconds p99{0};
  std::chrono::microseconds max{0};
};

// Counters since the daemon started, and sizes now.
struct Statistics {
  std::uint64_t conversations = 0;
  std::uint64_t messages = 0;
  std::uint64_t outbox = 0;
  std::uint64_t gaps = 0;
  // On disk, with their WAL.
  std::uint64_t cache_bytes = 0;
  std::uint64_t authored_bytes = 0;
  // Pages answered whole from the cache, and pages that ended at a gap.
  std::uint64_t page_hits = 0;
  std::uint64_t page_misses = 0;
  LatencySummary page_read;
  LatencySummary durable_send;
  LatencySummary apply;
  // From a message's own time at the backend to its commit here; compares two clocks.
  LatencySummary sync;
  std::uint64_t connects = 0;
  std::uint64_t disconnects = 0;
  std::uint32_t streams = 0;
};

// What retention would remove from the cache.
struct RetentionPreview {
  // Of one conversation: its oldest messages.
  struct Item {
    std::string conversation_id;
    std::uint64_t messages = 0;
    // Of content and metadata.
    std::uint64_t bytes = 0;
    std::optional<Time> oldest_at;
    // Those written before this go.
    std::optional<Time> before;
  };
  // A conversation with its own number of days; 0: kept for ever.
  struct Override {
    std::string conversation_id;
    std::uint32_t days = 0;
  };

  // The numbers that it is of. 0: for ever; no cap.
  std::uint32_t days = 0;
  std::uint64_t max_bytes = 0;
  // In all.
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t conversations = 0;
  std::optional<Time> oldest_at;
  // Those that lose most, and those with numbers of their own; at most 200 each.
  std::vector<Item> items;
  std::vector<Override> overrides;
};

struct RetentionOutcome {
  std::uint64_t messages = 0;
  // Of the cache on disk.
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;
};

// Versions are those of the schemas of the two files.
struct RollBackOutcome {
  std::uint32_t from_cache = 0;
  std::uint32_t from_authored = 0;
  std::uint32_t to_cache = 0;
  std::uint32_t to_authored = 0;
  // Unsent entries that were written since.
  std::uint64_t entries_lost = 0;
  // The folder with the files that were replaced.
  std::string aside;
};

// Bytes of SearchHit::snippet, never within a character: from `start`, `length` of them.
struct SnippetRange {
  std::size_t start = 0;
  std::size_t length = 0;
};

// A message that a search found, and where.
struct SearchHit {
  std::string message_id;
  std::string conversation_id;
  std::string conversation_title;
  Role role = Role::kUnknown;
  std::optional<Time> created_at;
  // 0 while the message is not kSent.
  std::uint64_t sequence = 0;
  Delivery delivery = Delivery::kUnknown;
  // The part of the content that shows what was found, as it is: at most 160 characters. It is
  // text: escape it as any other.
  std::string snippet;
  // In order, not overlapping, inside of `snippet`.
  std::vector<SnippetRange> highlights;
  // The content begins before the snippet, goes on after it.
  bool cut_before = false;
  bool cut_after = false;
};

struct SearchPage {
  std::vector<SearchHit> hits;
  // Empty: that was all.
  std::string next_page_token;
  // Of all pages together; absent when there are thousands.
  std::optional<std::uint64_t> total_count;
  // Everything that is here can be found. If not: how far that is, the newest messages first.
  bool index_complete = true;
  std::uint64_t indexed = 0;
  std::uint64_t to_index = 0;
  Freshness freshness;
};

// Stable lower-case words: "assistant", "queued", "not_fetched", "catching_up", "signed_in", …
// kUnknown is "unknown"; only for Delivery that word is the API's for kUnanswered, and kUnknown is
// "unrecognised".
[[nodiscard]] std::string_view ToString(Role value);
[[nodiscard]] std::string_view ToString(Delivery value);
[[nodiscard]] std::string_view ToString(PendingChange::Kind value);
[[nodiscard]] std::string_view ToString(CacheState value);
[[nodiscard]] std::string_view ToString(Gap::Reason value);
[[nodiscard]] std::string_view ToString(SyncStatus::State value);
[[nodiscard]] std::string_view ToString(AccountInfo::State value);

}  // namespace hark::client

#endif  // HARK_CLIENT_TYPES_H_
