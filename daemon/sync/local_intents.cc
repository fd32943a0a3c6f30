#include "daemon/sync/local_intents.h"

#include <utility>

#include "daemon/sync/draft.h"

namespace hark::sync {

void LocalIntents::Attach(const std::shared_ptr<Engine>& engine) {
  const std::lock_guard lock(mutex_);
  is_signed_in_ = true;
  engine_ = engine;
}

void LocalIntents::Pause() {
  const std::lock_guard lock(mutex_);
  engine_.reset();
}

void LocalIntents::Detach() {
  const std::lock_guard lock(mutex_);
  is_signed_in_ = false;
  engine_.reset();
}

bool LocalIntents::IsSignedIn() const {
  const std::lock_guard lock(mutex_);
  return is_signed_in_;
}

std::shared_ptr<Engine> LocalIntents::Attached() const {
  const std::lock_guard lock(mutex_);
  return engine_.lock();
}

bool LocalIntents::OnCommit(const Commit& commit) {
  if (commit.outbox.empty() && commit.outbox_removed.empty()) return true;
  const auto engine = Attached();
  if (engine) engine->NotifyOutboxChanged(commit);
  return engine != nullptr;
}

void LocalIntents::Send(Draft draft, Done<Message> done) {
  if (!IsSignedIn()) {
    done(Fail(ErrorCode::kUnauthenticated, "Nobody is signed in: sign in to send."));
    return;
  }
  // Whoever writes in a conversation wants to see the answer as it comes.
  const ConversationId conversation = draft.conversation;
  Result<Message> message = ToMessage(std::move(draft), clock_.WallNow());
  if (!message) {
    done(tl::unexpected(std::move(message.error())));
    return;
  }
  const auto engine = Attached();
  writer_.EnqueueSend({std::move(*message), engine && engine->Established()},
                      [done = std::move(done), conversation,
                       weak = std::weak_ptr<Engine>(engine)](Result<Message> stored) {
                        const bool is_stored = stored.has_value();
                        done(std::move(stored));  // Somebody waits for it.
                        const auto attached = weak.lock();
                        if (attached && is_stored) attached->NotifyOpened(conversation);
                      });
}

void LocalIntents::Act(MessageAction action, Done<Message> done) {
  if (const auto* edit = std::get_if<EditMessage>(&action.what)) {
    if (Result<void> content = CheckContent(edit->content); !content) {
      done(tl::unexpected(std::move(content.error())));
      return;
    }
  }
  writer_.Act(std::move(action), std::move(done));
}

void LocalIntents::RetryAll(std::optional<ConversationId> conversation, Done<std::uint32_t> done) {
  writer_.RetryAll(std::move(conversation), std::move(done));
}

void LocalIntents::MarkRead(ConversationId conversation, std::optional<MessageId> up_to,
                            Done<Conversation> done) {
  writer_.MarkRead({std::move(conversation), std::move(up_to)}, std::move(done));
}

void LocalIntents::Open(ConversationId conversation, Done<LocalRevision> done) {
  const std::weak_ptr<Engine> weak = Attached();
  writer_.RecordOpen(conversation, clock_.WallNow(),
                     [done = std::move(done), conversation, weak](Result<LocalRevision> recorded) {
                       const auto engine = weak.lock();
                       if (engine && recorded) engine->NotifyOpened(conversation);
                       done(std::move(recorded));
                     });
}

void LocalIntents::Close(ConversationId conversation, Done<LocalRevision> done) {
  writer_.RecordOpen(std::move(conversation), clock_.WallNow(), std::move(done));
}

void LocalIntents::Fetch(Gap gap) {
  if (const auto engine = Attached()) engine->NotifyFetchWanted(std::move(gap));
}

void LocalIntents::SyncNow() {
  if (const auto engine = Attached()) engine->NotifySyncNow();
}

}  // namespace hark::sync
