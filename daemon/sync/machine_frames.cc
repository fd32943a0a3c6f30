// What the machine does with each frame of the backend.

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/sync/machine.h"

namespace hark::sync {
namespace {

// So many pages of the list without any conversation may follow on each other.
constexpr std::uint32_t kEmptyPages = 16;

// "Resumed", but the log ends before the place that is to be resumed, or is another one: a backend
// restored from an old copy that kept its epoch. Following it would miss what it gives out anew.
bool IsBehind(const SyncCursor& head, const SyncCursor& stored) {
  return !head.epoch.empty() && (head.epoch != stored.epoch || head.position < stored.position);
}

}  // namespace

void Machine::On(Received input) {
  if (phase_ != Phase::kConnecting && !Established()) return;
  last_received_ = now_.mono;
  ping_sent_.reset();
  check_deadline_.reset();
  if (caught_up_) last_synced_at_ = now_.wall;
  if (phase_ == Phase::kConnecting && !std::holds_alternative<transport::Welcome>(input.frame) &&
      !std::holds_alternative<transport::Refused>(input.frame) &&
      !std::holds_alternative<transport::GoingAway>(input.frame)) {
    Reconnect("The server does not keep to the protocol.", {}, Trouble::kProtocol);
    return;
  }
  const transport::RequestId request = transport::RequestOf(input.frame);
  std::visit([this](auto&& frame) { OnFrame(std::forward<decltype(frame)>(frame)); },
             std::move(input.frame));
  if (!IsUnderWay(request)) answers_.Answered(request, now_.mono);
}

void Machine::OnFrame(transport::Welcome frame) {
  if (phase_ != Phase::kConnecting) {
    Reconnect("The server does not keep to the protocol.", {}, Trouble::kProtocol);
    return;
  }
  if (frame.user != options_.user) {
    OnSessionRefused({0,
                      transport::RefusedCode::kUnauthenticated,
                      "The token now belongs to another user.",
                      {}});
    return;
  }
  peer_ = frame.limits;
  can_edit_ = frame.can_edit;
  can_delete_ = frame.can_delete;
  fetcher_.AskTogether(frame.can_batch);
  heartbeat_ = frame.heartbeat;
  head_ = frame.cursor.position;
  caught_up_ = false;
  plan_dirty_ = true;
  plan_again_at_.reset();
  offline_reason_.clear();
  trouble_ = Trouble::kNone;
  reconnect_.Welcomed(now_.mono);

  const bool resumed = frame.resume == transport::Resume::kOk && stored_cursor_.has_value();
  if (resumed && IsBehind(frame.cursor, *stored_cursor_)) {
    Commit({{store::BeginReconcile{}}}, PendingCommit{.cursor = std::optional<SyncCursor>()});
    Reconnect("The server's log does not reach to what is here.", limits::kBackoffFirst);
    return;
  }
  stream_ = resumed ? *stored_cursor_ : frame.cursor;
  // Of a backend that was restored from a copy, a marker may be of numbers that others have now:
  // what is compared first says so.
  outbox_.HoldMarkers(!resumed);
  SubscribeAtOnce();
  renewal_.Begin(frame.can_renew, frame.token_expires_at);
  if (resumed) {
    phase_ = Phase::kRunning;
    return;
  }
  stream_begins_ = true;
  NoteWhatIsOlderThanTheStream();
  forgetting_ = stored_cursor_.has_value();
  // Without a cursor too: a listing that was cut short may have left rows, and changes of before
  // this welcome never come.
  Commit({{store::BeginReconcile{}}}, PendingCommit{.cursor = std::optional<SyncCursor>()});
  phase_ = Phase::kListing;
  empty_pages_ = 0;
  AskForConversations({});
}

void Machine::AskForConversations(std::string page_token) {
  list_request_ = 0;
  list_request_ = NewRequest();
  const std::uint32_t page_size = std::min(peer_.page_size, limits::kPageSize);
  list_token_ = std::move(page_token);
  Ask(list_request_,
      SendFrame{transport::ListConversations{list_request_, list_token_, page_size}});
}

void Machine::OnFrame(transport::ConversationPage frame) {
  if (phase_ != Phase::kListing || frame.request != list_request_) return;
  if (!initial_sync_done_) fetcher_.ExpectTotal(frame.total_messages);
  store::Batch batch;
  for (ConversationSummary& summary : frame.conversations) {
    batch.operations.emplace_back(store::ApplySummary{std::move(summary), GapReason::kNotFetched});
  }
  if (!frame.next_page_token.empty()) {
    // A page may be empty; a list that goes on with nothing, or begins anew, would have no end.
    empty_pages_ = batch.operations.empty() ? empty_pages_ + 1 : 0;
    const bool repeats = empty_pages_ == 0 && frame.next_page_token == list_token_;
    if (repeats || empty_pages_ > kEmptyPages) {
      Reconnect("The server's list of conversations has no end.", {}, Trouble::kProtocol);
      return;
    }
    Commit(std::move(batch));
    AskForConversations(std::move(frame.next_page_token));
    return;
  }
  // The list is whole with this batch, so the place in the stream may be remembered with it.
  list_request_ = 0;
  phase_ = Phase::kRunning;
  batch.operations.emplace_back(store::SetCursor{stream_});
  Commit(std::move(batch), PendingCommit{.cursor = stream_});
}

void Machine::OnFrame(transport::History frame) {
  transport::Histories one{frame.request, {}};
  one.pages.push_back(std::move(frame));
  OnFrame(std::move(one));
}

void Machine::OnFrame(transport::Histories frame) {
  PendingCommit then{.history = frame.request};
  store::Batch batch;
  Fetcher::Settled settled = fetcher_.Answer(std::move(frame), now_.mono);
  plan_dirty_ = plan_dirty_ || settled.moves_on;
  for (store::ApplyHistory& page : settled.pages) {
    then.history_of.push_back(page.conversation);
    batch.operations.emplace_back(std::move(page));
  }
  if (!batch.operations.empty()) {
    batch.order = settled.order;
    Commit(std::move(batch), std::move(then));
  }
  for (ConversationId& conversation : settled.not_given) GiveUp(std::move(conversation));
}

void Machine::GiveUp(ConversationId conversation) {
  // Before the list is whole, nobody knows whether it names it.
  if (phase_ != Phase::kRunning) return;
  fetcher_.Forget(conversation);
  Commit({{store::NoSuchConversation{std::move(conversation)}}});
}

void Machine::OnFrame(transport::Changes frame) {
  const bool same_epoch = frame.from.epoch == stream_.epoch && frame.to.epoch == stream_.epoch;
  if (!same_epoch || frame.from.position > stream_.position ||
      frame.to.position < frame.from.position) {
    // A hole: what was missed is delivered again after the stored cursor.
    Reconnect("The server's changes do not follow on each other.", {}, Trouble::kProtocol);
    return;
  }
  if (frame.to.position <= stream_.position) return;  // A repetition.

  // One that changes while it is being listed may be on no page of the list any more.
  const GapReason reason = phase_ == Phase::kListing ? GapReason::kNotFetched : GapReason::kLimited;
  store::Batch batch;
  PendingCommit then;
  std::map<ConversationId, Sequence> told;  // The newest message that came along.
  std::vector<ConversationId> active;       // That something is told of.
  batch.order = store::Order::kMayGoAhead;
  for (auto& change : frame.changes) {
    if (auto* message = std::get_if<Message>(&change)) {
      partials_.Finish(message->id);
      outbox_.DoneByEcho(message->id);
      Sequence& newest = told[message->conversation];
      newest = std::max(newest, message->sequence);
      batch.operations.emplace_back(store::ApplyMessage{std::move(*message)});
    } else {
      auto& summary = std::get<ConversationSummary>(change);
      if (fetcher_.IsStoring(summary.id)) batch.order = store::Order::kInPlace;
      const bool is_active = active_.Contains(summary.id);
      if (is_active) active.push_back(summary.id);
      const auto newest = told.find(summary.id);
      // Of one that is not subscribed to, only what was edited since may have come along.
      if (newest == told.end() || summary.last_sequence > newest->second ||
          (is_active && !IsSubscribed(summary.id)))
        then.gaps.push_back(summary.id);
      batch.operations.emplace_back(store::ApplySummary{std::move(summary), reason});
    }
  }
  for (const auto& [conversation, newest] : told)
    if (fetcher_.IsStoring(conversation)) batch.order = store::Order::kInPlace;
  SubscribeTo(active);
  stream_ = std::move(frame.to);
  // While the conversations are being listed, only what is committed with the last page may
  // remember the place.
  if (phase_ == Phase::kRunning) {
    batch.operations.emplace_back(store::SetCursor{stream_});
    then.cursor = stream_;
  }
  Commit(std::move(batch), std::move(then));
}

void Machine::OnFrame(transport::Refused frame) {
  if (frame.request == 0 || frame.code == transport::RefusedCode::kUnauthenticated) {
    OnSessionRefused(frame);
  } else {
    OnRequestRefused(frame);
  }
}

// As the backend would have refused it.
void Machine::On(NotSent input) {
  if (!Established()) return;
  answers_.Forget(input.request);
  OnRequestRefused({input.request, transport::RefusedCode::kTooLarge, "It was not sent.", {}});
}

void Machine::OnRequestRefused(const transport::Refused& refused) {
  if (renewal_.Refused(refused, now_.wall)) {
    // The token is good for now.
  } else if (const std::optional<OutboxEntry> entry = outbox_.Answered(refused.request)) {
    OnEntryRefused(*entry, refused);
  } else if (refused.request == list_request_) {
    Reconnect("The server refused to list the conversations.", refused.retry_after,
              Trouble::kRefused);
  } else if (fetcher_.IsAsked(refused.request)) {
    std::optional<ConversationId> conversation = fetcher_.Refused(refused.request);
    if (transport::IsTransient(refused.code)) {
      Reconnect("The server cannot serve history now.", refused.retry_after, Trouble::kRefused);
    } else if (conversation && refused.code == transport::RefusedCode::kNotFound) {
      GiveUp(*std::move(conversation));
    } else if (conversation) {
      fetcher_.Forget(*conversation);
    }
  }
}

void Machine::OnSessionRefused(const transport::Refused& refused) {
  // About something that has no answer, like too many subscriptions: the session goes on.
  if (Established() && (refused.code == transport::RefusedCode::kTooLarge ||
                        refused.code == transport::RefusedCode::kInvalid)) {
    return;
  }
  if (refused.code != transport::RefusedCode::kUnauthenticated) {
    Reconnect(transport::IsTransient(refused.code)
                  ? "The server asks to come back later."
                  : "The server refused the connection: " + refused.message,
              refused.retry_after, Trouble::kRefused);
    return;
  }
  Reconnect("The server does not accept the sign-in any more. Sign in again.", {},
            Trouble::kRefused);
  reconnect_.GiveUp();
  phase_ = Phase::kRefused;
}

void Machine::OnFrame(transport::Typing frame) {
  Do(PublishEphemeral{bus::Typing{std::move(frame.conversation), frame.role, frame.active}});
}

void Machine::OnFrame(transport::Partial frame) {
  partials_.Add(std::move(frame));
}

void Machine::OnFrame(transport::TokenRenewed frame) {
  if (frame.token.empty() || !renewal_.IsExpected(frame.request)) return;
  renewal_.Renewed(frame.expires_at, now_.wall);
  Do(SaveToken{std::move(frame.token)});
}

void Machine::OnFrame(transport::Pong) {}

void Machine::OnFrame(transport::GoingAway frame) {
  Reconnect("The server is going away for a moment.", frame.reconnect_after, Trouble::kRefused);
}

void Machine::OnFrame(transport::UnknownFrame) {}

}  // namespace hark::sync
