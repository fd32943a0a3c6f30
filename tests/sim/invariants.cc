// What has to be true when the faults have ended and nothing is on its way any more.

#include <algorithm>
#include <utility>

#include "tests/sim/world.h"

namespace hark::sim {
namespace {

std::string Quoted(const MessageId& id) {
  return "'" + id.value() + "'";
}

bool IsSame(const Message& here, const Message& there) {
  return here.id == there.id && here.sequence == there.sequence &&
         here.revision == there.revision && here.content == there.content &&
         here.role == there.role && here.deleted == there.deleted &&
         here.created_at == there.created_at && !here.change && here.delivery == Delivery::kSent;
}

}  // namespace

void World::EndFaults() {
  disk_.ClearFaults();
  disk_.SetSpace(std::nullopt);
  network_->faults = Faults{};
  network_->SetAway(false);
  backend_.refuses = false;
  if (disk_.is_off() || !store_) {
    Crash(false);
    if (!Start()) return;
  }
  engine_->NotifySyncNow();
}

std::string World::Quiesce() {
  // The person looks into everything, and tries again whatever failed.
  for (int round = 0; round < 60; ++round) {
    if (!complaint_.empty()) return complaint_;
    // What the backend no longer has cannot be changed any more.
    if (const auto outbox = store_->ReadOutbox()) {
      for (const OutboxEntry& entry : outbox->entries) {
        const Message* there = backend_.Find(entry.message);
        // A conversation that the backend was restored from before: nothing can be sent there.
        if (!backend_.conversations().contains(entry.conversation))
          forgotten_.insert(entry.message);
        const bool gone = there != nullptr ? there->deleted || backend_.Dropped(entry.message)
                                           : forgotten_.contains(entry.message);
        if (entry.delivery == Delivery::kFailed && gone) {
          intents_->Act({entry.conversation, entry.message, CancelMessage{}},
                        [](const Result<Message>&) {});
          edits_.erase(entry.message);
          deletions_.erase(entry.message);
        }
      }
    }
    intents_->RetryAll(std::nullopt, [](const Result<std::uint32_t>&) {});
    for (const auto& [id, conversation] : backend_.conversations()) {
      intents_->Open(id, [](const Result<LocalRevision>&) {});
      std::optional<MessageId> before;
      for (;;) {
        const auto page = store_->ReadPage({id, before, 50});
        if (!page) break;
        if (page->gap_before) intents_->Fetch(*page->gap_before);
        if (page->gap_after) intents_->Fetch(*page->gap_after);
        if (page->messages.empty() || !page->has_more || page->gap_before) break;
        before = page->messages.front().id;
      }
    }
    Pass(std::chrono::seconds(20));
    const auto outbox = store_->ReadOutbox();
    if (board_.Current().state == sync::State::kLive && outbox && outbox->entries.empty() &&
        Incomplete().empty()) {
      Pass(std::chrono::seconds(5));
      return {};
    }
  }
  const auto outbox = store_->ReadOutbox();
  std::string left = "it never becomes quiet: state " +
                     std::to_string(static_cast<int>(board_.Current().state)) + " (" +
                     board_.Current().reason + ")";
  if (outbox) left += ", outbox " + std::to_string(outbox->entries.size());
  for (std::size_t i = 0; outbox && i < std::min<std::size_t>(outbox->entries.size(), 3); ++i) {
    const OutboxEntry& entry = outbox->entries[i];
    left += " [kind " + std::to_string(static_cast<int>(entry.kind)) + " of " +
            Quoted(entry.message) + " delivery " +
            std::to_string(static_cast<int>(entry.delivery)) + " base " +
            std::to_string(entry.base_revision);
    if (const auto message = store_->ReadMessage(entry.message)) {
      left += " revision " + std::to_string(message->revision);
      if (message->change && message->change->failure)
        left += " " + message->change->failure->reason;
    }
    if (const Message* there = backend_.Find(entry.message))
      left += " there " + std::to_string(there->revision) + (there->deleted ? " deleted" : "");
    left += "]";
  }
  left += Incomplete();
  return left;
}

// Conversations with gaps. What a restored backend has never heard of stays as it is.
std::string World::Incomplete() {
  const auto list = store_->ListConversations({std::nullopt, 200});
  if (!list) return ", unreadable";
  std::string incomplete;
  for (const Conversation& conversation : list->conversations) {
    if (conversation.complete || !backend_.conversations().contains(conversation.id)) continue;
    incomplete += ", gaps in " + conversation.id.value();
  }
  return incomplete;
}

std::string World::Check() {
  if (!network_->complaint().empty()) return "sent to the backend: " + network_->complaint();
  for (const auto& [id, conversation] : backend_.conversations()) {
    if (std::string wrong = CompareConversation(conversation); !wrong.empty())
      return id.value() + ": " + wrong;
  }
  if (std::string wrong = CheckPromises(); !wrong.empty()) return wrong;
  if (std::string wrong = CheckEdits(); !wrong.empty()) return wrong;
  if (std::string wrong = CheckDrafts(true); !wrong.empty()) return wrong;
  for (const auto& watcher : watchers_) {
    if (!watcher->complaint().empty()) return "a watcher: " + watcher->complaint();
  }
  return complaint_;
}

std::string World::CompareConversation(const ModelConversation& conversation) {
  std::map<Sequence, Message> here;
  std::optional<MessageId> before;
  for (;;) {
    const auto page = store_->ReadPage({conversation.id, before, 50});
    if (!page) return page.error().message;
    if (page->gap_before || page->gap_after) return "there is a gap";
    for (const Message& message : page->messages) {
      if (message.delivery != Delivery::kSent) return "unsent: " + Quoted(message.id);
      // After a restore, a message that the backend forgot may have the number of another one.
      if (forgotten_.contains(message.id) && backend_.Find(message.id) == nullptr) continue;
      if (!here.emplace(message.sequence, message).second)
        return "two messages at " + std::to_string(message.sequence);
    }
    if (!page->has_more) break;
    before = page->messages.front().id;
  }
  for (const Message& message : conversation.messages) {
    const auto found = here.find(message.sequence);
    if (found == here.end()) {
      if (message.sequence <= conversation.dropped) continue;
      return "lost: " + Quoted(message.id);
    }
    // What the backend dropped, or had changed before it was restored, is kept as it was told.
    const bool newer_here = restored_ && found->second.revision > message.revision;
    if (message.sequence > conversation.dropped && !newer_here && !IsSame(found->second, message)) {
      return "differs: " + Quoted(message.id) + " revision " +
             std::to_string(found->second.revision) + " against " +
             std::to_string(message.revision) + ", '" + found->second.content + "' against '" +
             message.content + "'" + (found->second.change ? ", a change is pending" : "") +
             (found->second.deleted != message.deleted ? ", deleted" : "") +
             (found->second.created_at != message.created_at ? ", another time" : "");
    }
    here.erase(found);
  }
  if (!here.empty()) return "nobody wrote " + Quoted(here.begin()->second.id);

  const ConversationSummary summary = backend_.Summarise(conversation);
  const auto shown = store_->GetConversation(conversation.id);
  if (!shown) return shown.error().message;
  if (!restored_) {
    if (shown->read_sequence != summary.read_sequence) return "the read marker differs";
    if (shown->last_sequence != summary.last_sequence) return "the newest sequence differs";
    if (conversation.dropped == 0 && shown->unread_count != summary.unread_count)
      return "unread is " + std::to_string(shown->unread_count) + " and not " +
             std::to_string(summary.unread_count);
    if (conversation.dropped == 0 && shown->message_count != summary.message_count)
      return "the count is " + std::to_string(shown->message_count) + " and not " +
             std::to_string(summary.message_count);
    if (shown->pending_count != 0) return "something is still pending";
  }
  for (const auto& watcher : watchers_) {
    if (watcher->conversation() != conversation.id) continue;
    const auto newest = store_->ReadPage({conversation.id, std::nullopt, 50});
    if (std::string wrong = watcher->Compare(*newest); !wrong.empty()) return wrong;
  }
  return {};
}

std::string World::CheckPromises() {
  std::map<ConversationId, Sequence> last;
  for (const Promise& promise : promises_) {
    if (!promise.accepted || promise.uncertain || forgotten_.contains(promise.id)) continue;
    const Message* there = backend_.Find(promise.id);
    if (promise.cancelled) {
      const bool kept = there != nullptr && !there->deleted && !backend_.Dropped(promise.id);
      if (kept) return "cancelled and there: " + Quoted(promise.id);
      continue;
    }
    if (there == nullptr) return "an accepted send is lost: " + Quoted(promise.id);
    if (there->conversation != promise.conversation) return "in the wrong conversation";
    if (promise.reordered || restored_) continue;
    Sequence& newest = last[promise.conversation];
    if (there->sequence < newest) return "out of order: " + Quoted(promise.id);
    newest = there->sequence;
  }
  return {};
}

std::string World::CheckEdits() {
  for (const auto& [id, content] : edits_) {
    const Message* there = backend_.Find(id);
    if (there == nullptr || there->deleted || backend_.Dropped(id) || forgotten_.contains(id))
      continue;
    // Everything was retried until it held; a later edit of others is on top of it.
    if (!backend_.EverSaid(id, content)) return "an edit is lost: " + Quoted(id);
  }
  for (const MessageId& id : deletions_) {
    const Message* there = backend_.Find(id);
    if (there != nullptr && !there->deleted && !backend_.Dropped(id) && !forgotten_.contains(id))
      return "a deletion is lost: " + Quoted(id);
  }
  return {};
}

}  // namespace hark::sim
