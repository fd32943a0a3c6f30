// Live changes. A watch is started by Client::Watch…() with a set of callbacks and lasts until its
// Subscription is destroyed or the daemon ends it for good. In between it survives restarts of the
// daemon by itself: it connects again and continues after the last event that was handled, so that
// nothing is missed and nothing comes twice.
//
// Callbacks are called on one thread of the subscription, one after the other, never two at once. A
// slow callback delays only its own subscription; if it stays behind for long the daemon answers
// with a new snapshot. Callbacks must not throw (one that does ends the subscription with
// kInternal). They may call the Client, and may destroy their own Subscription. Each callback may
// be left empty.

#ifndef HARK_CLIENT_WATCH_H_
#define HARK_CLIENT_WATCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hark/result.h"
#include "hark/types.h"
#include "hark/user_state.h"

namespace hark::client {

// Where a stream stands. Keep the token to continue after this event even after a restart of the
// UI.
struct StreamPosition {
  // Local revision that the event brings the UI to.
  std::uint64_t revision = 0;
  // At most a few hundred bytes; only the daemon can read it.
  std::string resume_token;
};

// What all watches have in common.
struct StreamHandlers {
  // The daemon was reached (nullptr; also before the very first event), or was lost, and why. It is
  // being tried again. Not called again for each failed attempt.
  std::function<void(const Error* lost)> on_connection;
  // The watch ended for good; the last callback. Not called when the Subscription is destroyed
  // first. kAccountChanged: another account was signed in; start afresh with an empty token.
  // kNotFound, kNotSignedIn, kUntrustedDaemon, kUnsupported, …: as for calls.
  std::function<void(const Error& error)> on_end;
};

// The list as it is now: replaces what the UI shows.
struct ConversationsSnapshot {
  StreamPosition position;
  std::vector<Conversation> conversations;
  std::uint64_t total_count = 0;
};

// Conversations as they are after one commit. Apply by id.
struct ConversationsDelta {
  StreamPosition position;
  std::vector<Conversation> upserted;
};

struct ConversationsHandlers : StreamHandlers {
  std::function<void(const ConversationsSnapshot&)> on_snapshot;
  // The stream continues after the last event: nothing was missed, what is shown stays right.
  std::function<void(const StreamPosition&)> on_resumed;
  std::function<void(const ConversationsDelta&)> on_delta;
};

// The newest page as it is now: replaces what the UI shows of it.
struct MessagesSnapshot {
  StreamPosition position;
  std::vector<Message> messages;  // Oldest first.
  bool has_more = false;
  std::uint64_t total_count = 0;
  std::optional<Gap> gap_before;
  std::optional<Gap> gap_after;
};

// Messages as they are after one commit. Apply by id; sort by sequence, those without one last.
struct MessagesDelta {
  StreamPosition position;
  std::vector<Message> upserted;
  std::vector<std::string> removed;
};

// A message while it is being produced. Not stored. The finished message arrives as a delta under
// the same id.
struct PartialMessage {
  std::string message_id;
  Role role = Role::kUnknown;
  // All of the text so far.
  std::string text;
};

// Somebody is typing or thinking. Forget it after 10 s.
struct Typing {
  Role role = Role::kUnknown;
  bool active = false;
};

struct MessagesHandlers : StreamHandlers {
  std::function<void(const MessagesSnapshot&)> on_snapshot;
  std::function<void(const StreamPosition&)> on_resumed;
  std::function<void(const MessagesDelta&)> on_delta;
  std::function<void(const PartialMessage&)> on_partial;
  std::function<void(const Typing&)> on_typing;
};

// Where a watch of everything begins: the list, and no messages, which are read with
// Client::ListMessages() from here on. What the UI holds of them has to be read again.
struct ChangesSnapshot {
  StreamPosition position;
  std::vector<Conversation> conversations;
  std::uint64_t total_count = 0;
};

// What one commit changed, each as it is after it. Apply by id.
struct ChangesDelta {
  struct Removed {
    std::string conversation_id;
    std::string message_id;
  };

  StreamPosition position;
  std::vector<Conversation> conversations;
  std::vector<Message> messages;
  // No longer part of their conversations here: cancelled before they were sent.
  std::vector<Removed> removed;
  // Conversations whose gaps changed: a page that ended at one may go on, or, after retention, end
  // earlier.
  std::vector<std::string> gaps_changed;
};

struct ChangesHandlers : StreamHandlers {
  std::function<void(const ChangesSnapshot&)> on_snapshot;
  std::function<void(const StreamPosition&)> on_resumed;
  std::function<void(const ChangesDelta&)> on_delta;
  std::function<void(const std::string& conversation_id, const PartialMessage&)> on_partial;
  std::function<void(const std::string& conversation_id, const Typing&)> on_typing;
};

struct StatusHandlers : StreamHandlers {
  // The status now, at once and after each reconnection, then each change of it.
  std::function<void(const SyncStatus&)> on_status;
};

// Every draft that has a text (of one conversation, if one was asked for: also if it has none).
// What the UI holds and is not in it was cleared, unless its version is higher than the position's.
struct DraftsSnapshot {
  StreamPosition position;  // `revision` is the newest version of a draft.
  std::vector<Draft> drafts;
};

// Drafts as they are now; an empty text was cleared. Only the latest of each: what came in between
// may be skipped.
struct DraftsDelta {
  StreamPosition position;
  std::vector<Draft> changed;
};

struct DraftsHandlers : StreamHandlers {
  std::function<void(const DraftsSnapshot&)> on_snapshot;
  std::function<void(const StreamPosition&)> on_resumed;
  std::function<void(const DraftsDelta&)> on_delta;
};

struct DraftsWatchOptions {
  // Only the draft of this conversation; empty: all.
  std::string conversation_id;
  // Of the last event handled, to continue after it; empty to start with a snapshot.
  std::string resume_token;
};

struct WatchOptions {
  // Items of the snapshot: 1 to kMaxPageSize; 0 means kDefaultPageSize.
  std::uint32_t snapshot_size = 0;
  // Of the last event handled, to continue after it; empty to start with a snapshot.
  std::string resume_token;
};

// Owns one watch. Destroying it cancels the watch and waits for a callback that is running;
// afterwards no callback is called. From inside a callback it returns at once, and this callback is
// the last. May outlive its Client. Move-only; one thread at a time may use one handle.
class [[nodiscard]] Subscription {
 public:
  class State;

  Subscription();  // Of nothing.
  explicit Subscription(std::unique_ptr<State> state);
  Subscription(Subscription&& other) noexcept;
  Subscription& operator=(Subscription&& other) noexcept;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription();

  // Ends the watch now, as the destructor does. Doing it twice is no error.
  void Cancel();

 private:
  std::unique_ptr<State> state_;
};

}  // namespace hark::client

#endif  // HARK_CLIENT_WATCH_H_
