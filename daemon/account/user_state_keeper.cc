#include "daemon/account/user_state_keeper.h"

#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/base/utf8.h"

namespace hark::account {

class UserStateKeeper::Listening final : public Subscription {
 public:
  Listening(UserStateKeeper& keeper, std::uint64_t key) : keeper_(keeper), key_(key) {}
  ~Listening() override {
    const std::lock_guard lock(keeper_.listeners_mutex_);
    keeper_.listeners_.erase(key_);
  }

 private:
  UserStateKeeper& keeper_;
  const std::uint64_t key_;
};

UserStateKeeper::UserStateKeeper(store::Reader& reader, store::UserStateStore& store,
                                 const Clock& clock, WakeAt wake_at)
    : reader_(reader), store_(store), clock_(clock), wake_at_(std::move(wake_at)) {}

UserStateKeeper::~UserStateKeeper() = default;

// ---- Drafts ----

Result<Draft> UserStateKeeper::GetDraft(const ConversationId& conversation) {
  if (auto loaded = Load(); !loaded) return tl::unexpected(std::move(loaded.error()));
  const std::lock_guard lock(mutex_);
  return book_->Get(conversation);
}

void UserStateKeeper::SetDraft(DraftChange change, Done<DraftOutcome> done) {
  if (auto fits = CheckChange(change); !fits) return done(tl::unexpected(std::move(fits.error())));
  Result<DraftOutcome> outcome = DraftOutcome();
  bool changed = false;
  std::optional<store::UserStateChanges> flushed;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t before = book_->Get(change.conversation).version;
    outcome = book_->Set(change, clock_.WallNow());
    changed = outcome && outcome->draft.version != before;
    const bool flushes = change.flush && outcome && !outcome->conflict;
    if (flushes && !book_->IsSaved(outcome->draft)) flushed = Take(&change.conversation);
  }
  if (changed) Tell(outcome->draft);
  if (flushed) {
    Save(*std::move(flushed), [outcome = *std::move(outcome),
                               done = std::move(done)](const Result<LocalRevision>& saved) {
      saved ? done(outcome) : done(tl::unexpected<Error>(saved.error()));
    });
    return;
  }
  if (changed) WakeSoon(limits::kSaveAfter);
  done(std::move(outcome));
}

Result<void> UserStateKeeper::CheckChange(const DraftChange& change) {
  if (change.text.size() > limits::kDraftBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "a draft has at most " + std::to_string(limits::kDraftBytes) + " bytes");
  }
  if (!IsValidUtf8(change.text)) {
    return Fail(ErrorCode::kInvalidArgument, "the draft is not valid UTF-8");
  }
  const auto known = GetDraft(change.conversation);
  if (!known) return tl::unexpected(known.error());
  if (known->version > 0 || change.text.empty()) return {};
  const auto conversation = reader_.GetConversation(change.conversation);
  if (!conversation) return tl::unexpected(conversation.error());
  return {};
}

Result<DraftList> UserStateKeeper::ListDrafts(const std::optional<ConversationId>& conversation) {
  if (auto loaded = Load(); !loaded) return tl::unexpected(std::move(loaded.error()));
  const std::lock_guard lock(mutex_);
  return book_->List(conversation);
}

Result<std::optional<DraftList>> UserStateKeeper::ListDraftsSince(
    std::uint64_t version, const std::optional<ConversationId>& conversation) {
  if (auto loaded = Load(); !loaded) return tl::unexpected(std::move(loaded.error()));
  const std::lock_guard lock(mutex_);
  return book_->Since(version, conversation);
}

std::unique_ptr<UserState::Subscription> UserStateKeeper::WatchDrafts(OnDraft listener) {
  const std::lock_guard lock(listeners_mutex_);
  const std::uint64_t key = next_listener_++;
  listeners_.emplace(key, std::move(listener));
  return std::make_unique<Listening>(*this, key);
}

void UserStateKeeper::Tell(const Draft& draft) {
  const std::lock_guard lock(listeners_mutex_);
  for (const auto& [key, listener] : listeners_) listener(draft.conversation, draft.version);
}

Result<void> UserStateKeeper::Load() {
  {
    const std::lock_guard lock(mutex_);
    if (book_) return {};
  }
  // Nothing is written before this was done once, so two that read at a time read the same.
  auto drafts = store_.ReadDrafts();
  if (!drafts) return tl::unexpected(std::move(drafts.error()));
  const std::lock_guard lock(mutex_);
  if (!book_) book_ = std::make_unique<DraftBook>(reader_.CurrentRevision(), *std::move(drafts));
  return {};
}

// ---- View states ----

Result<void> UserStateKeeper::SetViewState(ViewState state) {
  if (state.ui.empty() || state.ui.size() > limits::kUiNameBytes || !IsValidUtf8(state.ui)) {
    return Fail(ErrorCode::kInvalidArgument,
                "ui has 1 to " + std::to_string(limits::kUiNameBytes) + " bytes of UTF-8");
  }
  if (state.message.empty() && !state.at_bottom) {
    return Fail(ErrorCode::kInvalidArgument, "neither a message nor at_bottom is set");
  }
  const auto conversation = reader_.GetConversation(state.conversation);
  if (!conversation) return tl::unexpected(conversation.error());
  state.sequence = 0;
  if (!state.message.empty()) {
    const auto message = reader_.ReadMessage(state.message);
    if (!message) return tl::unexpected(message.error());
    if (message->conversation != state.conversation) {
      return Fail(ErrorCode::kNotFound, "no such message in this conversation");
    }
    state.sequence = message->sequence > 0 ? message->sequence : conversation->last_sequence;
  }
  state.set_at = clock_.WallNow();
  {
    const std::lock_guard lock(mutex_);
    const ViewKey key(state.conversation, state.ui);
    if (views_.size() >= limits::kViewStates && !views_.contains(key)) {
      return Fail(ErrorCode::kResourceExhausted, "too much waits to be stored");
    }
    views_.insert_or_assign(key, UnsavedView{std::move(state), false});
  }
  WakeSoon(limits::kSaveAfter);
  return {};
}

Result<std::optional<ShownViewState>> UserStateKeeper::GetViewState(
    const ConversationId& conversation, const std::string& ui) {
  std::optional<ViewState> state;
  {
    const std::lock_guard lock(mutex_);
    const auto unsaved = views_.find(ViewKey(conversation, ui));
    if (unsaved != views_.end()) state = unsaved->second.state;
  }
  if (!state) {
    auto saved = store_.ReadViewState(conversation, ui);
    if (!saved) return tl::unexpected(std::move(saved.error()));
    if (!*saved) return std::nullopt;
    state = **std::move(saved);
  }
  auto shown = store_.FindShown(*std::move(state));
  if (!shown) return tl::unexpected(std::move(shown.error()));
  return *std::move(shown);
}

// ---- Writing ----

void UserStateKeeper::WakeSoon(Clock::Duration after) {
  const Clock::Instant at = clock_.Now() + after;
  const std::lock_guard lock(mutex_);
  if (awaited_ && *awaited_ <= at) return;
  awaited_ = at;
  wake_at_(at);
}

void UserStateKeeper::SaveNow() {
  store::UserStateChanges changes;
  {
    const std::lock_guard lock(mutex_);
    awaited_.reset();
    changes = Take(nullptr);
  }
  if (changes.drafts.empty() && changes.view_states.empty()) return;
  Save(std::move(changes), [](const Result<LocalRevision>&) {});
}

store::UserStateChanges UserStateKeeper::Take(const ConversationId* also) {
  store::UserStateChanges changes;
  if (book_) changes.drafts = book_->TakeUnsaved(also);
  for (auto& [key, view] : views_) {
    if (!std::exchange(view.taken, true)) changes.view_states.push_back(view.state);
  }
  return changes;
}

void UserStateKeeper::Save(store::UserStateChanges changes, Done<LocalRevision> done) {
  const auto kept = std::make_shared<const store::UserStateChanges>(changes);
  store_.SaveUserState(std::move(changes),
                       [this, kept, done = std::move(done)](const Result<LocalRevision>& saved) {
                         Settle(*kept, saved);
                         done(saved);
                       });
}

void UserStateKeeper::Settle(const store::UserStateChanges& changes,
                             const Result<LocalRevision>& saved) {
  {
    const std::lock_guard lock(mutex_);
    if (book_) saved ? book_->Saved(changes.drafts) : book_->NotSaved(changes.drafts);
    for (const ViewState& state : changes.view_states) {
      const auto view = views_.find(ViewKey(state.conversation, state.ui));
      if (view == views_.end() || view->second.state != state) continue;
      if (saved) {
        views_.erase(view);
      } else {
        view->second.taken = false;
      }
    }
  }
  if (saved) return;
  // A store that is closing takes nothing later either.
  if (saved.error().code == ErrorCode::kCancelled) return;
  log::Warning("user_state_not_saved", {{"why", saved.error()}});
  WakeSoon(limits::kSaveAgainAfter);
}

}  // namespace hark::account
