// The part of Session that delivers the change log; the frames that come in are handled in
// session.cc.

#include <set>
#include <utility>

#include <spdlog/spdlog.h>

#include "tools/backend/limits.h"
#include "tools/backend/session.h"

namespace hark::backend {
namespace {

// Well under the smallest frame limit in the binary encoding, so that trying again with less is
// rare.
constexpr std::size_t kStretchBytes = 192 * 1024;

}  // namespace

void Session::OnLogGrown() {
  Pump();
}

void Session::OnWritten() {
  Pump();
}

void Session::Pump() {
  while (state_ == State::kOpen && !held_until_ && output_.QueuedBytes() < kWriteQueueSoftBytes &&
         SendStretch()) {
  }
}

bool Session::SendStretch() {
  const auto entries = services_.store.ReadLog(identity_.user_id, delivered_, kMaxChangesInStretch);
  if (!entries) {
    // Tried again at the next tick.
    spdlog::error("session log-unreadable id={} reason=\"{}\"", id_, entries.error().message);
    return false;
  }
  if (entries->empty()) return false;
  if (entries->front().position != delivered_ + 1) {
    GoAway("the client fell behind the change log");
    return false;
  }
  std::size_t count = entries->size();
  bool bodies = true;
  while (true) {
    std::size_t covered = 0;
    const auto frame = MakeStretch(*entries, count, bodies, &covered);
    if (!frame) return false;
    if (auto bytes = writer_.Encode(*frame)) {
      delivered_ = (*entries)[covered - 1].position;
      last_sent_ = services_.clock.Steady();
      output_.Send(std::move(*bytes));
      return true;
    }
    // Less of it; and if a single message is too long for the client's frames, only the news that
    // it is there.
    if (covered > 1) {
      count = covered / 2;
    } else if (bodies) {
      bodies = false;
    } else {
      GoAway("a change is over the client's frame limit");
      return false;
    }
  }
}

std::optional<wire::ServerFrame> Session::MakeStretch(const std::vector<LogEntry>& entries,
                                                      std::size_t count, bool bodies,
                                                      std::size_t* covered) {
  std::vector<Message> messages;
  std::vector<Conversation> conversations;
  std::set<std::pair<std::string, std::uint64_t>> seen_messages;
  std::set<std::string> seen_conversations;
  std::size_t bytes = 0;
  *covered = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const LogEntry& entry = entries[i];
    // An entry adds at most two changes.
    const bool full = messages.size() + conversations.size() + 2 > kMaxChangesInStretch;
    if (i > 0 && (full || bytes > kStretchBytes)) break;
    if (bodies && entry.sequence != 0 &&
        seen_messages.emplace(entry.conversation_id, entry.sequence).second) {
      auto message =
          services_.store.GetMessage(identity_.user_id, entry.conversation_id, entry.sequence);
      if (!message) return std::nullopt;
      // Nobody asked for a new message of a conversation that is not followed; but of an edited one
      // the client may have the old content, and a summary does not say which it is.
      if (message->revision() > 1 || subscriptions_.contains(entry.conversation_id)) {
        bytes += message->ByteSizeLong();
        messages.push_back(std::move(*message));
      }
    }
    if (seen_conversations.insert(entry.conversation_id).second) {
      auto conversation = services_.store.GetConversation(identity_.user_id, entry.conversation_id);
      if (!conversation) return std::nullopt;
      bytes += conversation->ByteSizeLong();
      conversations.push_back(std::move(*conversation));
    }
    ++*covered;
  }
  wire::ServerFrame frame;
  wire::Changes& changes = *frame.mutable_changes();
  changes.mutable_from()->set_epoch(epoch_);
  changes.mutable_from()->set_position(delivered_);
  changes.mutable_to()->set_epoch(epoch_);
  changes.mutable_to()->set_position(entries[*covered - 1].position);
  // Bodies before summaries: when a summary says how far the conversation goes, what it speaks of
  // is there.
  for (Message& message : messages) *changes.add_changes()->mutable_message() = std::move(message);
  for (Conversation& conversation : conversations) {
    *changes.add_changes()->mutable_conversation() = std::move(conversation);
  }
  return frame;
}

}  // namespace hark::backend
