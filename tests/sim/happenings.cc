// What happens in a simulated life: what the person, the others, the backend, the network and the
// disk do, at random.

#include <utility>

#include "daemon/base/uuid.h"
#include "tests/sim/world.h"

namespace hark::sim {

void World::DoSomething() {
  switch (Below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: PersonActs(); break;
    case 5:
    case 6: OthersAct(); break;
    case 7: NetworkChanges(); break;
    case 8:
      if (Chance(400)) BackendSuffers();
      break;
    case 9: DiskSuffers(); break;
    default: break;
  }
  // Most of life happens in quick succession, some of it after hours.
  Pass(Clock::Duration(Below(Chance(50) ? 3'600'000 : 1'500)));
}

// ---- The person ----

void World::PersonActs() {
  if (!store_) return;
  switch (Below(14)) {
    case 0:
    case 1:
    case 2:
    case 3: Send(); break;
    case 12:
    case 13: Draft(); break;
    case 4:
      if (!promises_.empty()) Repeat(promises_[Below(promises_.size())]);
      break;
    case 5: EditSomething(); break;
    case 6: DeleteSomething(); break;
    case 7: CancelSomething(); break;
    case 8: RetryOrSkip(); break;
    case 9: ReadSomething(); break;
    case 10: intents_->Open(SomeConversation(), [](const Result<LocalRevision>&) {}); break;
    default: intents_->SyncNow(); break;
  }
}

void World::Send() {
  Promise promise;
  promise.id = MessageId(NewUuidV7(time_.WallNow()));
  promise.conversation = SomeConversation();
  promise.content = Chance(100) ? ModelBackend::kRefused : "said";
  promise.content += " " + std::to_string(++written_);
  promises_.push_back(promise);
  ++counts_.sends;
  Repeat(promises_.back());
}

void World::Repeat(Promise& promise) {
  const MessageId id = promise.id;
  if (promise.called && !promise.accepted) promise.reordered = true;
  promise.called = true;
  sync::Draft draft;
  draft.conversation = promise.conversation;
  draft.id = promise.id;
  draft.content = promise.content;
  intents_->Send(std::move(draft), [this, id](const Result<Message>& sent) {
    for (Promise& made : promises_) {
      if (made.id == id && sent) made.accepted = true;
      const bool withdrawn = made.cancelled || made.uncertain;
      if (made.id == id && !sent && sent.error().code == ErrorCode::kConflict && !withdrawn)
        complaint_ = "a repeated send is a conflict: " + sent.error().message + " " + id.value();
    }
  });
  // Pressed twice.
  if (Chance(100)) Settle();
}

void World::EditSomething() {
  const auto message = SomeMessage();
  if (!message || message->role != Role::kUser) return;
  const std::string content = "edited " + std::to_string(++written_);
  intents_->Act({message->conversation, message->id, EditMessage{content}},
                [this, id = message->id, content](const Result<Message>& edited) {
                  if (!edited) return;
                  edits_[id] = content;
                  ++counts_.edits;
                });
}

void World::DeleteSomething() {
  const auto message = SomeMessage();
  if (!message || !Chance(400)) return;
  intents_->Act({message->conversation, message->id, DeleteMessage{}},
                [this, id = message->id](const Result<Message>& deleted) {
                  for (Promise& promise : promises_) {
                    if (promise.id == id) (deleted ? promise.cancelled : promise.uncertain) = true;
                  }
                  if (deleted) deletions_.insert(id);
                });
}

void World::CancelSomething() {
  if (promises_.empty()) return;
  const Promise& promise = promises_[Below(promises_.size())];
  intents_->Act({promise.conversation, promise.id, CancelMessage{}},
                [this, id = promise.id](const Result<Message>& cancelled) {
                  const bool gone = cancelled && cancelled->delivery == Delivery::kCancelled;
                  for (Promise& made : promises_) {
                    if (made.id != id) continue;
                    if (!cancelled) made.uncertain = true;
                    if (cancelled) made.cancelled = gone;
                  }
                  if (gone) ++counts_.cancels;
                  if (!cancelled || gone) return;
                  edits_.erase(id);  // Only a pending change was withdrawn.
                  deletions_.erase(id);
                });
}

void World::RetryOrSkip() {
  const auto message = SomeMessage();
  if (!message) return;
  const bool stopped =
      message->delivery == Delivery::kFailed || message->delivery == Delivery::kExpired;
  const bool skips = Chance(500);
  for (Promise& promise : promises_) {
    if (promise.id == message->id && stopped && (skips || message->delivery == Delivery::kExpired))
      promise.reordered = true;
  }
  ++counts_.retries;
  if (skips) {
    intents_->Act({message->conversation, message->id, SkipMessage{}},
                  [](const Result<Message>&) {});
  } else {
    intents_->Act({message->conversation, message->id, RetryMessage{}},
                  [](const Result<Message>&) {});
  }
}

void World::ReadSomething() {
  const auto message = SomeMessage();
  if (!message) return;
  intents_->MarkRead(message->conversation, message->id, [](const Result<Conversation>&) {});
}

// ---- The others ----

void World::OthersAct() {
  const ConversationId id = SomeConversation();
  const ModelConversation& conversation = backend_.conversations().at(id);
  const auto some = [&]() -> MessageId {
    if (conversation.messages.empty()) return MessageId("none");
    return conversation.messages[Below(conversation.messages.size())].id;
  };
  switch (Below(10)) {
    case 0: backend_.EditElsewhere(some(), "elsewhere " + std::to_string(++written_)); break;
    case 1: backend_.DeleteElsewhere(some()); break;
    case 2: backend_.ReadElsewhere(id, Below(conversation.messages.size() + 1)); break;
    case 3: {
      const ConversationId made("c" + std::to_string(++conversations_));
      backend_.Create(made);
      watchers_.push_back(std::make_unique<Watcher>(made));
      if (store_) watchers_.back()->Attach(*store_, bus_);
      break;
    }
    default: {
      const auto count = 1 + Below(Chance(100) ? 40 : 3);
      for (std::uint64_t i = 0; i < count; ++i)
        backend_.Post(id, Role::kAssistant, "answer " + std::to_string(++written_));
      break;
    }
  }
  network_->LogGrown();
}

void World::BackendSuffers() {
  switch (Below(6)) {
    case 0:
      backend_.batches = Chance(700);
      network_->CutAll();
      break;
    case 1: backend_.TruncateLog(); break;
    case 2:
      backend_.ChangeEpoch();
      network_->CutAll();
      break;
    case 3: backend_.DropOldest(SomeConversation(), Below(20)); break;
    case 4: backup_.emplace(backend_); break;
    default:
      // Only some lives have a backend that forgets, so that most are checked for everything.
      if (!backup_ || seed_ % 8 != 0) return;
      // What was made since is gone there, and stays here.
      network_->CutAll();
      restored_ = true;
      // A deletion that it had acknowledged is forgotten too.
      for (const MessageId& id : deletions_) ForgetIfUndone(id, *backup_);
      for (const Promise& promise : promises_) ForgetIfUndone(promise.id, *backup_);
      forgotten_.merge(backend_.RestoreFrom(*backup_));
      conversations_ = static_cast<int>(backend_.conversations().size());
      break;
  }
}

void World::ForgetIfUndone(const MessageId& id, const ModelBackend& backup) {
  const Message* now = backend_.Find(id);
  const Message* then = backup.Find(id);
  if (now != nullptr && now->deleted && then != nullptr && !then->deleted) forgotten_.insert(id);
}

// ---- Network and disk ----

void World::NetworkChanges() {
  if (Chance(200)) {
    network_->SetAway(Chance(700));
    return;
  }
  network_->SetAway(false);
  Faults faults;
  if (Chance(700)) {
    faults.refused_connect = static_cast<unsigned>(Below(500));
    faults.cut = static_cast<unsigned>(Below(60));
    faults.repeated = static_cast<unsigned>(Below(200));
    faults.reordered = static_cast<unsigned>(Below(100));
    faults.silent = static_cast<unsigned>(Below(10));
    faults.transient = static_cast<unsigned>(Below(200));
    faults.latest = Clock::Duration(Below(Chance(100) ? 20'000 : 300));
  }
  network_->faults = faults;
  if (engine_ && Chance(300)) engine_->NotifySyncNow();
}

void World::DiskSuffers() {
  switch (Below(8)) {
    case 0:
    case 1:
      disk_.PowerOffAt(1 + Below(200));
      Pass(Clock::Duration(Below(500)));
      [[fallthrough]];
    case 2: {
      const bool power_lost = Chance(500);
      Crash(power_lost);
      ++counts_.crashes;
      if (Chance(200)) Pass(Clock::Duration(Below(10'000)));
      Start();
      break;
    }
    case 3:
      disk_.SetSpace(Below(40'000));
      Pass(Clock::Duration(Below(2'000)));
      disk_.SetSpace(std::nullopt);
      break;
    case 4: disk_.Add({.after = Below(100)}); break;
    default: break;
  }
}

}  // namespace hark::sim
