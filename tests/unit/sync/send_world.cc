#include "tests/unit/sync/send_world.h"

#include <iterator>
#include <utility>
#include <variant>

namespace hark::sync {

using std::chrono::milliseconds;
using test::SendEvent;

SendWorld::SendWorld(ScriptStore& store, MessageId first, MessageId second)
    : store_(store), first_(std::move(first)), second_(std::move(second)) {
  Feed(Started{{store_.cursor(), std::nullopt, true}, {}, 0});
  Send(first_, "first");
  Send(second_, "second");
}

void SendWorld::Run(SendEvent event) {
  switch (event) {
    case SendEvent::kAck:
      (void)backend_.Work();
      if (auto answer = backend_.NextAnswer()) Feed(Received{std::move(*answer)});
      break;
    case SendEvent::kEcho:
      if (!Echo() && backend_.Work()) (void)Echo();
      break;
    case SendEvent::kDrop: Drop(); break;
    case SendEvent::kRetry: Act(RetryMessage{}); break;
    case SendEvent::kCancel:
      if (Act(CancelMessage{})) taken_back_ = true;
      if (!store_.Show(first_)) withdrawn_ = true;
      break;
    case SendEvent::kEdit: {
      const std::string text = "edit " + std::to_string(++edits_);
      if (Act(EditMessage{text})) last_text_ = text;
      break;
    }
    case SendEvent::kDelete:
      Act(DeleteMessage{});
      withdrawn_ = true;
      break;
    case SendEvent::kExpire: Expire(); break;
  }
  Look();
}

void SendWorld::Finish() {
  if (has_expired_) Act(RetryMessage{});
  for (int round = 0; round < 2; ++round) {
    for (bool busy = true; busy;) {
      busy = backend_.Work();
      while (auto answer = backend_.NextAnswer()) Feed(Received{std::move(*answer)});
      while (Echo()) busy = true;
      Look();
    }
    Drop();
    Look();
  }
}

void SendWorld::Check() {
  Expect(store_.ReadOutbox().entries.empty(),
         "something is left in the outbox: nothing is forgotten, and nobody is there to lose to");
  Expect(!backend_.had_conflicting_append(), "one id was sent with two contents");
  Expect(backend_.messages().contains(second_), "the second send is not at the backend");
  if (wrong_.empty()) CheckFirst();
}

void SendWorld::CheckFirst() {
  const auto& there = backend_.messages();
  const auto first = there.find(first_);
  const bool arrived = first != there.end();
  const std::optional<Message> shown = store_.Show(first_);
  if (!withdrawn_) {
    Expect(arrived && !first->second.message.deleted, "the first send is not at the backend");
    Expect(has_expired_ ||
               (arrived && first->second.message.sequence < there.at(second_).message.sequence),
           "the sends are not in order");
  }
  if (!shown) {
    Expect(withdrawn_, "nobody withdrew what is gone");
    Expect(!arrived || first->second.message.deleted, "what was withdrawn is at the backend");
    return;
  }
  Expect(arrived, "what is shown is not at the backend");
  if (!arrived) return;
  const Message& message = first->second.message;
  Expect(shown->content == message.content, "the contents differ");
  Expect(withdrawn_ || taken_back_ || shown->content == last_text_, "the last edit is lost");
  Expect(shown->sequence == message.sequence, "the sequences differ");
  Expect(shown->revision == message.revision, "the revisions differ");
  Expect(shown->deleted == message.deleted, "only one end has deleted it");
  Expect(shown->delivery == Delivery::kSent && !shown->change, "it is not shown as sent");
}

std::vector<Update> SendWorld::TakeUpdates() {
  return std::exchange(updates_, {});
}

bool SendWorld::Act(const decltype(MessageAction::what)& what) {
  const bool fits = store_.Act(first_, what);
  Tell();
  return fits;
}

void SendWorld::Send(const MessageId& id, std::string content) {
  store_.EnqueueSend(id, std::move(content), machine_.Established());
  Tell();
}

bool SendWorld::Echo() {
  auto change = backend_.NextChange();
  if (!change) return false;
  Feed(Received{std::move(*change)});
  return true;
}

void SendWorld::Drop() {
  backend_.Open(store_.cursor().position);
  Feed(Disconnected{Error(ErrorCode::kOffline, "reset")});
  Feed(SyncNowAsked{});
}

void SendWorld::Expire() {
  backend_.Open(store_.cursor().position);
  Feed(Disconnected{Error(ErrorCode::kOffline, "reset")});
  store::ExpireEntries old;
  for (const OutboxEntry& entry : store_.ReadOutbox().entries) {
    if (entry.message == first_ && entry.kind != OutboxKind::kDelete)
      old.positions.push_back(entry.position);
  }
  has_expired_ = has_expired_ || !old.positions.empty();
  store_.Apply({{std::move(old)}});
  Tell();
  Feed(SyncNowAsked{});
}

void SendWorld::Look() {
  const std::optional<Message> shown = store_.Show(first_);
  if (!shown) {
    gone_ = true;
    return;
  }
  // One that was withdrawn on its way may show up as deleted.
  Expect(!gone_ || shown->deleted, "a row that was removed came back");
  Expect(!was_sent_ || shown->delivery == Delivery::kSent, "it was sent, and then not");
  was_sent_ = shown->delivery == Delivery::kSent;
}

void SendWorld::Tell() {
  std::vector<Update> updates = store_.TakeUpdates();
  updates_.insert(updates_.end(), std::make_move_iterator(updates.begin()),
                  std::make_move_iterator(updates.end()));
  if (auto delta = store_.TakeDelta()) Feed(std::move(*delta));
}

void SendWorld::Feed(Input input) {
  inputs_.push_back(std::move(input));
  if (feeding_) return;
  feeding_ = true;
  while (!inputs_.empty()) {
    Input next = std::move(inputs_.front());
    inputs_.pop_front();
    now_ += milliseconds(1);
    for (Action& action :
         machine_.Step(std::move(next), Moment{now_, WallTime(now_.time_since_epoch())}))
      std::visit([this](auto& what) { Do(what); }, action);
  }
  feeding_ = false;
}

void SendWorld::Do(OpenConnection&) {
  backend_.Open(store_.cursor().position);
  transport::Welcome welcome;
  welcome.user = UserId("ada");
  welcome.resume = transport::Resume::kOk;
  welcome.cursor = {"e1", backend_.head()};
  welcome.limits.in_flight = 8;
  welcome.can_edit = true;
  welcome.can_delete = true;
  Feed(Connected{});
  Feed(Received{std::move(welcome)});
}

void SendWorld::Do(SendEntry& send) {
  auto outgoing = store_.ReadOutgoing(send.position);
  if (!outgoing) {
    Feed(EntryGone{send.request});
    return;
  }
  const OutboxEntry& entry = outgoing->entry;
  switch (entry.kind) {
    case OutboxKind::kSend:
      backend_.Send(transport::Append{send.request, outgoing->message});
      break;
    case OutboxKind::kEdit:
      backend_.Send(transport::Edit{send.request,
                                    entry.conversation,
                                    entry.message,
                                    entry.base_revision,
                                    outgoing->message.content,
                                    {}});
      break;
    case OutboxKind::kDelete:
      backend_.Send(
          transport::Delete{send.request, entry.conversation, entry.message, entry.base_revision});
      break;
    case OutboxKind::kMarkRead: break;
  }
}

void SendWorld::Do(CommitBatch& commit) {
  store_.Apply(commit.batch);
  Tell();
  Feed(Committed{commit.number});
}

}  // namespace hark::sync
