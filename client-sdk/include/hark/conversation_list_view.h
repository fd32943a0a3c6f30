// The list of conversations as a UI shows it: kept equal to the daemon's store, over restarts and
// resyncs, and told as what is different. As ConversationView, for the list.
//
// The list is the conversations with the newest activity, newest first: one page at the beginning,
// more after LoadMore(). Each time the watch tells that something has changed, the pages that are
// shown are read again and compared: what is shown is always a list that the store had, never one
// put together from events. Changes that come quickly are told together, at most 20 times a second.

#ifndef HARK_CLIENT_CONVERSATION_LIST_VIEW_H_
#define HARK_CLIENT_CONVERSATION_LIST_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "hark/client.h"
#include "hark/list_edit.h"
#include "hark/result.h"
#include "hark/types.h"

namespace hark::client {

// Conversations that one view holds; LoadMore() is refused at the limit.
inline constexpr std::size_t kMaxViewConversations = 1'000;

struct ConversationListState {
  // The list was read. Before that an empty list means nothing.
  bool loaded = false;
  // The daemon is there. While it is not, the list may be behind.
  bool connected = false;
  // There are more than these.
  bool has_more = false;
  std::uint64_t total_count = 0;
  // Local revision: every commit up to this one is in the list.
  std::uint64_t revision = 0;

  friend bool operator==(const ConversationListState&, const ConversationListState&) = default;
};

struct ConversationListChange {
  // From the list of the last change (at first: the empty one) to the one now.
  std::vector<ListEdit<Conversation>> edits;
  ConversationListState state;
};

// As ConversationViewHandlers.
struct ConversationListHandlers {
  std::function<void(const ConversationListChange&)> on_change;
  std::function<void(const Error* lost)> on_connection;
  std::function<void(const Error& error)> on_end;
};

struct ConversationListOptions {
  // Conversations at the beginning and of each LoadMore(): 1 to kMaxPageSize; 0 means
  // kDefaultPageSize.
  std::uint32_t page_size = 0;
};

// Thread-safe, but for moving and destroying. May outlive its Client. Move-only.
class [[nodiscard]] ConversationListView {
 public:
  // Returns at once, whether a daemon is there or not. kInvalidArgument: a page over kMaxPageSize.
  // kResourceExhausted: no thread could be started.
  static Result<ConversationListView> Start(const Client& client, ConversationListHandlers handlers,
                                            ConversationListOptions options = {});

  ConversationListView(ConversationListView&&) noexcept;
  ConversationListView& operator=(ConversationListView&&) noexcept;
  ConversationListView(const ConversationListView&) = delete;
  ConversationListView& operator=(const ConversationListView&) = delete;
  // As ~ConversationView().
  ~ConversationListView();

  // The list and the state of the last change that was told, or is being told.
  [[nodiscard]] ItemList<Conversation> conversations() const;
  [[nodiscard]] ConversationListState state() const;

  // Asks for one more page and returns at once; what comes is a change. Nothing, when there are no
  // more. kResourceExhausted: kMaxViewConversations are in the list.
  Result<void> LoadMore();

 private:
  class State;
  explicit ConversationListView(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace hark::client

#endif  // HARK_CLIENT_CONVERSATION_LIST_VIEW_H_
