// The driver of a ConversationModel: one thread that applies what the watch hands over, reads the
// pages that the model wants, and tells what came of it.

#include "hark/conversation_view.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "client-sdk/src/conversation_model.h"
#include "client-sdk/src/list_diff.h"
#include "client-sdk/src/validate.h"
#include "client-sdk/src/view_queue.h"
#include "client-sdk/src/view_run.h"
#include "hark/client.h"

namespace hark::client {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// A page that could not be read is tried again after so long, or with the next event.
constexpr milliseconds kTryAgain{200};
// While what was asked for is being fetched: most of what comes is announced, this is for the rest.
constexpr milliseconds kFirstLook{500};
constexpr milliseconds kLastLook{8'000};
// A conversation stays active for some hours after it was last opened.
constexpr std::chrono::hours kOpenAgain{1};

}  // namespace

// Shared by the handle, the view's thread and the watch's callbacks.
class ConversationViewCore {
 public:
  ConversationViewCore(Client client, std::string conversation_id,
                       ConversationViewHandlers handlers, const ConversationViewOptions& options)
      : client_(std::move(client)),
        conversation_id_(std::move(conversation_id)),
        handlers_(std::move(handlers)),
        open_(options.open),
        model_(options.page_size == 0 ? kDefaultPageSize : options.page_size, kMaxViewMessages) {}

  [[nodiscard]] ItemList<ViewMessage> messages() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  [[nodiscard]] ConversationViewState state() const {
    const std::lock_guard lock(mutex_);
    return told_state_;
  }

  Result<void> LoadOlder() {
    if (messages().size() >= kMaxViewMessages) {
      return Error{ErrorCode::kResourceExhausted, "the view holds as many messages as it can",
                   Retry::kNo};
    }
    queue_.PushUrgent([this] {
      model_.LoadOlder();
      look_ = kFirstLook;
    });
    return {};
  }

  void Stop() { queue_.Close(); }

  // On the watch's thread; waits while this view is busy.
  template <typename Step>
  void Hand(Step step) {
    queue_.Push(std::move(step));
  }

  [[nodiscard]] static MessagesHandlers HandlersOf(
      const std::shared_ptr<ConversationViewCore>& core) {
    MessagesHandlers handlers;
    handlers.on_snapshot = [core](const MessagesSnapshot& event) {
      core->Hand([core = core.get(), event] { core->model_.OnSnapshot(event); });
    };
    handlers.on_resumed = [core](const StreamPosition& position) {
      core->Hand([core = core.get(), position] { core->model_.OnResumed(position); });
    };
    handlers.on_delta = [core](const MessagesDelta& event) {
      core->Hand([core = core.get(), event] { core->model_.OnDelta(event); });
    };
    handlers.on_partial = [core](const PartialMessage& event) {
      core->Hand([core = core.get(), event] { core->model_.OnPartial(event); });
    };
    handlers.on_typing = [core](const Typing& event) {
      core->Hand([core = core.get(), event] {
        if (core->handlers_.on_typing) core->handlers_.on_typing(event);
      });
    };
    handlers.on_connection = [core](const Error* lost) {
      std::optional<Error> error;
      if (lost != nullptr) error = *lost;
      core->Hand([core = core.get(), error] { core->OnConnection(error); });
    };
    handlers.on_end = [core](const Error& error) {
      core->Hand([core = core.get(), error] { core->End(error); });
    };
    return handlers;
  }

  // The view's thread.
  void Run() {
    try {
      while (!queue_.closed()) {
        if (const auto step = queue_.Take(HowLong())) {
          (*step)();
        } else if (model_.IsWaiting() && !queue_.closed()) {
          look_ = std::min(look_ * 2, kLastLook);
          model_.LookAgain();
        }
        // What is there already belongs together.
        while (const auto step = queue_.Take(milliseconds(0))) (*step)();
        if (ended_) break;
        OpenIfNeeded();
        ReadWanted();
        Tell();
      }
    } catch (...) {
      // A callback threw, against the contract. The process lives on.
      End({ErrorCode::kInternal, "a callback threw an exception", Retry::kNo});
    }
    Stop();
  }

 private:
  void OnConnection(const std::optional<Error>& lost) {
    model_.OnConnection(!lost);
    opened_at_.reset();
    if (handlers_.on_connection) handlers_.on_connection(lost ? &*lost : nullptr);
  }

  void End(const Error& error) {
    ended_ = true;
    if (queue_.closed()) return;
    model_.OnConnection(false);
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

  std::optional<milliseconds> HowLong() const {
    if (failed_) return kTryAgain;
    if (model_.IsWaiting()) return look_;
    if (open_ && opened_at_) return kOpenAgain;
    return std::nullopt;
  }

  void OpenIfNeeded() {
    if (!open_ || !model_.state().connected) return;
    if (opened_at_ && Clock::now() - *opened_at_ < kOpenAgain) return;
    // If it fails, the stream ends for the same reason, or the daemon is away.
    opened_at_ = Clock::now();
    (void)client_.OpenConversation(conversation_id_);
  }

  // Until the model wants no more, or the daemon does not answer.
  void ReadWanted() {
    failed_ = false;
    // Without a daemon, the next connection is what to wait for.
    while (model_.state().connected && !queue_.closed() && !failed_) {
      const std::optional<PageRead> read = model_.Wanted();
      if (!read) return;
      ListMessagesRequest request;
      request.conversation_id = conversation_id_;
      request.before_message_id = read->before_message_id;
      request.page_size = read->size;
      request.policy = read->policy;
      Result<MessagePage> page = client_.ListMessages(request);
      if (page) {
        model_.OnPage(*read, std::move(*page));
      } else if (page.error().code == ErrorCode::kNotFound && !read->before_message_id.empty()) {
        model_.OnAnchorGone();
      } else {
        failed_ = true;
      }
    }
  }

  void Tell() {
    ConversationViewChange change;
    {
      const std::lock_guard lock(mutex_);
      change.state = model_.state();
      if (model_.IsSettled()) {
        model_.Share(told_);
        change.edits = DiffLists(told_, model_.items());
        told_ = model_.items();
      } else {
        // The list stays; of the state, what belongs to the list stays with it.
        const ConversationViewState now = std::exchange(change.state, told_state_);
        change.state.connected = now.connected;
        change.state.loading_older = now.loading_older;
      }
      if (change.edits.empty() && change.state == told_state_) return;
      told_state_ = change.state;
    }
    if (handlers_.on_change && !queue_.closed()) handlers_.on_change(change);
  }

  Client client_;
  const std::string conversation_id_;
  const ConversationViewHandlers handlers_;
  const bool open_;
  ViewQueue queue_;

  // The view's thread only.
  ConversationModel model_;
  std::optional<Clock::time_point> opened_at_;
  milliseconds look_ = kFirstLook;
  bool failed_ = false;
  bool ended_ = false;

  mutable std::mutex mutex_;
  ItemList<ViewMessage> told_;        // Guarded by mutex_.
  ConversationViewState told_state_;  // Guarded by mutex_.
};

class ConversationView::State : public ViewRun<ConversationViewCore> {
 public:
  using ViewRun::ViewRun;
};

Result<ConversationView> ConversationView::Start(const Client& client, std::string conversation_id,
                                                 ConversationViewHandlers handlers,
                                                 ConversationViewOptions options) {
  if (Result<void> id = ValidateId("the conversation's id", conversation_id); !id)
    return id.error();
  if (Result<void> size = ValidatePageSize(options.page_size); !size) return size.error();
  auto core = std::make_shared<ConversationViewCore>(Client(client.impl_), conversation_id,
                                                     std::move(handlers), options);
  Result<std::unique_ptr<State>> state =
      State::Start<State>(std::move(core), [&](MessagesHandlers from_watch) {
        WatchOptions watch_options;
        watch_options.snapshot_size = options.page_size;
        return Client(client.impl_)
            .WatchMessages(conversation_id, std::move(from_watch), std::move(watch_options));
      });
  if (!state) return state.error();
  return ConversationView(std::move(*state));
}

ConversationView::ConversationView(std::unique_ptr<State> state) : state_(std::move(state)) {}
ConversationView::ConversationView(ConversationView&&) noexcept = default;
ConversationView& ConversationView::operator=(ConversationView&&) noexcept = default;
ConversationView::~ConversationView() = default;

ItemList<ViewMessage> ConversationView::messages() const {
  return state_->core->messages();
}

ConversationViewState ConversationView::state() const {
  return state_->core->state();
}

Result<void> ConversationView::LoadOlder() {
  return state_->core->LoadOlder();
}

}  // namespace hark::client
