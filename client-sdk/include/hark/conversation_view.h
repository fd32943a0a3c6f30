// A conversation as a UI shows it: a list of messages that is kept equal to the daemon's store
// while the daemon restarts, falls behind or is away, and of which a UI is told only what is
// different.
//
//   auto view = hark::client::ConversationView::Start(client, "c1", {.on_change = [&](const auto&
//   change) {
//     ApplyEdits(change.edits, list);  // or the same steps on the UI's own list
//   }});
//   view->LoadOlder();                 // when the user has scrolled up
//
// What is in the list: a contiguous stretch of the conversation that reaches its end. First the
// messages at the backend, by sequence; then answers that are being produced, under the id that the
// finished message will have; last what waits to be sent. Deleted messages stay in their place. It
// begins with the newest page, and grows with what happens and with LoadOlder().
//
// What keeps it true: a watch, which resumes by itself. Where a watch has to start afresh (the
// resync of docs/streams.md), or tells that something is missing in between, the view reads the
// newest page and, again, the older ones that it had, and compares; what is the same is not
// mentioned. It never shows messages as neighbours that are not: where what is in between is not
// here, the list ends, and `gap_before` or `gap_after` of the state say so.
//
// What was read at one moment is shown together: a change that comes in several answers of the
// daemon is told when the last is there. While the daemon is away, the list stays as it is.

#ifndef HARK_CLIENT_CONVERSATION_VIEW_H_
#define HARK_CLIENT_CONVERSATION_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hark/client.h"
#include "hark/list_edit.h"
#include "hark/result.h"
#include "hark/types.h"
#include "hark/watch.h"

namespace hark::client {

// Messages that one view holds. At the limit LoadOlder() is refused, and for each new message the
// oldest one leaves the list (it can be loaded again in another view).
inline constexpr std::size_t kMaxViewMessages = 10'000;

struct ViewMessage {
  Message message;
  // It is being produced: id, role and text so far; the rest is not known yet. If it is given up at
  // the backend, it stays until the next reconnection.
  bool partial = false;

  friend bool operator==(const ViewMessage&, const ViewMessage&) = default;
};

struct ConversationViewState {
  // The first snapshot is in the list. Before that an empty list means nothing.
  bool loaded = false;
  // The daemon is there. While it is not, the list may be behind.
  bool connected = false;
  // There are older messages, here or at the backend.
  bool has_more = false;
  // LoadOlder() was called, and what it asked for has not come yet: it has to be fetched.
  bool loading_older = false;
  // What is missing before the first message; between the last with a sequence and the pending
  // ones.
  std::optional<Gap> gap_before;
  std::optional<Gap> gap_after;
  // Of the conversation, not deleted; as of the last page that was read.
  std::uint64_t total_count = 0;
  // Local revision: every commit up to this one is in the list.
  std::uint64_t revision = 0;

  friend bool operator==(const ConversationViewState&, const ConversationViewState&) = default;
};

struct ConversationViewChange {
  // From the list of the last change (at first: the empty one) to the one now.
  std::vector<ListEdit<ViewMessage>> edits;
  ConversationViewState state;
};

// Called on one thread of the view, one after the other, never two at once, never before Start()
// has begun and never after the view is destroyed. They must not throw (one that does ends the view
// with kInternal); they may call the Client and the view, and may destroy the view. A slow one
// delays only this view. Each may be left empty.
struct ConversationViewHandlers {
  std::function<void(const ConversationViewChange&)> on_change;
  // Somebody is typing or thinking. Forget it after 10 s.
  std::function<void(const Typing&)> on_typing;
  // The daemon was reached (nullptr) or lost, and why.
  std::function<void(const Error* lost)> on_connection;
  // The view ended for good and stays as it is; the last callback. As StreamHandlers::on_end.
  std::function<void(const Error& error)> on_end;
};

struct ConversationViewOptions {
  // Messages of the newest page and of each LoadOlder(): 1 to kMaxPageSize; 0 means
  // kDefaultPageSize.
  std::uint32_t page_size = 0;
  // Says to the daemon that a UI shows this conversation (OpenConversation), at the start, after
  // each reconnection and every hour.
  bool open = true;
};

// Thread-safe, but for moving and destroying. May outlive its Client. Move-only.
class [[nodiscard]] ConversationView {
 public:
  // Returns at once, whether a daemon is there or not; the callbacks tell. kInvalidArgument: an
  // empty id, a page over kMaxPageSize. kResourceExhausted: no thread could be started.
  static Result<ConversationView> Start(const Client& client, std::string conversation_id,
                                        ConversationViewHandlers handlers,
                                        ConversationViewOptions options = {});

  ConversationView(ConversationView&&) noexcept;
  ConversationView& operator=(ConversationView&&) noexcept;
  ConversationView(const ConversationView&) = delete;
  ConversationView& operator=(const ConversationView&) = delete;
  // Ends the view and waits for a callback that is running, and for a page that is being read (a
  // moment; at most ConnectOptions::call_timeout). From inside a callback it returns at once, and
  // this callback is the last.
  ~ConversationView();

  // The list and the state of the last change that was told, or is being told.
  [[nodiscard]] ItemList<ViewMessage> messages() const;
  [[nodiscard]] ConversationViewState state() const;

  // Asks for one more page of older messages and returns at once; what comes is a change. Fetches
  // them from the backend if they are not here, which may take until there is a connection. Asking
  // while it is loading, or when there are none, changes nothing. kResourceExhausted:
  // kMaxViewMessages are in the list.
  Result<void> LoadOlder();

 private:
  class State;
  explicit ConversationView(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace hark::client

#endif  // HARK_CLIENT_CONVERSATION_VIEW_H_
