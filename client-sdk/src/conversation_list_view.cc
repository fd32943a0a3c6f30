// One thread that reads the list again when the watch says that it has changed.

#include "hark/conversation_list_view.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "client-sdk/src/list_diff.h"
#include "client-sdk/src/validate.h"
#include "client-sdk/src/view_queue.h"
#include "client-sdk/src/view_run.h"
#include "hark/client.h"

namespace hark::client {

// For DiffLists().
static std::string_view IdOf(const Conversation& conversation) {
  return conversation.id;
}

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Between two readings: an initial sync changes the list hundreds of times a second.
constexpr milliseconds kPause{50};
// A list that could not be read is tried again after so long, or with the next event.
constexpr milliseconds kTryAgain{200};
// A commit between two pages makes them no one list; then they are read again, but not for ever:
// the event of that commit is on its way.
constexpr int kReadings = 3;

struct Reading {
  ItemList<Conversation> list;
  bool has_more = false;
  std::uint64_t total_count = 0;
  std::uint64_t revision = 0;
  bool is_of_one_moment = true;
};

// The first `wanted` conversations.
Result<Reading> ReadList(Client& client, std::size_t wanted) {
  Reading reading;
  std::unordered_set<std::string> seen;
  ListConversationsRequest request;
  for (bool first = true; first || (reading.has_more && reading.list.size() < wanted);
       first = false) {
    request.page_size = static_cast<std::uint32_t>(
        std::min<std::size_t>(wanted - reading.list.size(), kMaxPageSize));
    Result<ConversationPage> page = client.ListConversations(request);
    if (!page) return page.error();
    if (!first && page->freshness.revision != reading.revision) reading.is_of_one_moment = false;
    if (first) reading.revision = page->freshness.revision;
    reading.total_count = page->total_count;
    for (Conversation& conversation : page->conversations) {
      if (seen.insert(conversation.id).second)
        reading.list.push_back(std::make_shared<const Conversation>(std::move(conversation)));
    }
    request.page_token = page->next_page_token;
    reading.has_more = !request.page_token.empty();
  }
  return reading;
}

}  // namespace

// Shared by the handle, the view's thread and the watch's callbacks.
class ConversationListCore {
 public:
  ConversationListCore(Client client, ConversationListHandlers handlers, std::uint32_t page_size)
      : client_(std::move(client)),
        handlers_(std::move(handlers)),
        page_size_(page_size),
        wanted_(page_size) {}

  [[nodiscard]] ItemList<Conversation> conversations() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  [[nodiscard]] ConversationListState state() const {
    const std::lock_guard lock(mutex_);
    return told_state_;
  }

  Result<void> LoadMore() {
    if (conversations().size() >= kMaxViewConversations) {
      return Error{ErrorCode::kResourceExhausted, "the view holds as many conversations as it can",
                   Retry::kNo};
    }
    queue_.PushUrgent([this] {
      if (!now_.has_more || wanted_ > told_.size()) return;
      wanted_ = std::min<std::size_t>(wanted_ + page_size_, kMaxViewConversations);
      changed_ = true;
      next_reading_ = Clock::time_point();
    });
    return {};
  }

  void Stop() { queue_.Close(); }

  [[nodiscard]] static ConversationsHandlers HandlersOf(
      const std::shared_ptr<ConversationListCore>& core) {
    ConversationsHandlers handlers;
    const auto changed = [core] {
      core->queue_.Push([core = core.get()] { core->changed_ = true; });
    };
    handlers.on_snapshot = [changed](const ConversationsSnapshot&) { changed(); };
    handlers.on_resumed = [changed](const StreamPosition&) { changed(); };
    handlers.on_delta = [changed](const ConversationsDelta&) { changed(); };
    handlers.on_connection = [core](const Error* lost) {
      std::optional<Error> error;
      if (lost != nullptr) error = *lost;
      core->queue_.Push([core = core.get(), error] {
        core->now_.connected = !error;
        if (core->handlers_.on_connection) core->handlers_.on_connection(error ? &*error : nullptr);
      });
    };
    handlers.on_end = [core](const Error& error) {
      core->queue_.Push([core = core.get(), error] { core->End(error); });
    };
    return handlers;
  }

  // The view's thread.
  void Run() {
    try {
      while (!queue_.closed()) {
        if (const auto step = queue_.Take(HowLong())) (*step)();
        while (const auto step = queue_.Take(milliseconds(0))) (*step)();
        if (ended_) break;
        if (changed_ && now_.connected && Clock::now() >= next_reading_) Read();
        Tell();
      }
    } catch (...) {
      // A callback threw, against the contract. The process lives on.
      End({ErrorCode::kInternal, "a callback threw an exception", Retry::kNo});
    }
    Stop();
  }

 private:
  std::optional<milliseconds> HowLong() const {
    // Without a daemon, the next connection is what to wait for.
    if (!changed_ || !now_.connected) return std::nullopt;
    const auto left = std::chrono::ceil<milliseconds>(next_reading_ - Clock::now());
    return std::max(left, milliseconds(0));
  }

  void Read() {
    changed_ = false;
    Result<Reading> reading = ReadList(client_, wanted_);
    for (int i = 1; i < kReadings && reading && !reading->is_of_one_moment; ++i)
      reading = ReadList(client_, wanted_);
    next_reading_ = Clock::now() + (reading ? kPause : kTryAgain);
    if (!reading) {
      changed_ = true;
      return;
    }
    now_.loaded = true;
    now_.has_more = reading->has_more;
    now_.total_count = reading->total_count;
    now_.revision = reading->revision;
    list_ = std::move(reading->list);
  }

  void Tell() {
    ConversationListChange change;
    {
      const std::lock_guard lock(mutex_);
      change.edits = DiffLists(told_, list_);
      change.state = now_;
      if (change.edits.empty() && change.state == told_state_) return;
      told_ = list_;
      told_state_ = now_;
    }
    if (handlers_.on_change && !queue_.closed()) handlers_.on_change(change);
  }

  void End(const Error& error) {
    ended_ = true;
    if (queue_.closed()) return;
    now_.connected = false;
    // Each by itself: what one throws does not take the other from the UI.
    try {
      Tell();
    } catch (...) {  // NOLINT(bugprone-empty-catch): it ends here anyway.
    }
    try {
      if (handlers_.on_end && !queue_.closed()) handlers_.on_end(error);
    } catch (...) {  // NOLINT(bugprone-empty-catch): there is nobody left to tell.
    }
  }

  Client client_;
  const ConversationListHandlers handlers_;
  const std::uint32_t page_size_;
  ViewQueue queue_;

  // The view's thread only.
  std::size_t wanted_;
  bool changed_ = false;
  bool ended_ = false;
  Clock::time_point next_reading_;
  ItemList<Conversation> list_;
  ConversationListState now_;

  mutable std::mutex mutex_;
  ItemList<Conversation> told_;       // Written by the view's thread, guarded by mutex_.
  ConversationListState told_state_;  // As told_.
};

class ConversationListView::State : public ViewRun<ConversationListCore> {
 public:
  using ViewRun::ViewRun;
};

Result<ConversationListView> ConversationListView::Start(const Client& client,
                                                         ConversationListHandlers handlers,
                                                         ConversationListOptions options) {
  if (Result<void> size = ValidatePageSize(options.page_size); !size) return size.error();
  auto core = std::make_shared<ConversationListCore>(
      Client(client.impl_), std::move(handlers),
      options.page_size == 0 ? kDefaultPageSize : options.page_size);
  Result<std::unique_ptr<State>> state =
      State::Start<State>(std::move(core), [&client](ConversationsHandlers from_watch) {
        // Its items are not used: the list is read.
        WatchOptions watch_options;
        watch_options.snapshot_size = 1;
        return Client(client.impl_)
            .WatchConversations(std::move(from_watch), std::move(watch_options));
      });
  if (!state) return state.error();
  return ConversationListView(std::move(*state));
}

ConversationListView::ConversationListView(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
ConversationListView::ConversationListView(ConversationListView&&) noexcept = default;
ConversationListView& ConversationListView::operator=(ConversationListView&&) noexcept = default;
ConversationListView::~ConversationListView() = default;

ItemList<Conversation> ConversationListView::conversations() const {
  return state_->core->conversations();
}

ConversationListState ConversationListView::state() const {
  return state_->core->state();
}

Result<void> ConversationListView::LoadMore() {
  return state_->core->LoadMore();
}

}  // namespace hark::client
