#include "daemon/bus/event_bus.h"

#include <algorithm>
#include <utility>

#include "daemon/base/limits.h"

namespace hark::bus {
namespace {

// About what a remembered commit costs; exact enough to bound the memory.
std::size_t SizeOf(const Commit& commit) {
  std::size_t size = sizeof(Commit);
  for (const Message& message : commit.messages) size += sizeof(Message) + message.content.size();
  for (const Conversation& conversation : commit.conversations) {
    size += sizeof(Conversation) + conversation.title.size() + conversation.preview.size();
  }
  return size + commit.gaps_changed.size() * sizeof(ConversationId);
}

}  // namespace

Subscription::~Subscription() {
  bus_->Unsubscribe(subscriber_);
}

EventBus::Subscribed EventBus::Subscribe(Subscriber* subscriber,
                                         std::optional<LocalRevision> resume_after) {
  const std::lock_guard lock(mutex_);
  Subscribed result;
  result.subscription = std::make_unique<Subscription>(shared_from_this(), subscriber);
  if (closed_) {
    subscriber->OnClosed(*closed_);
    return result;
  }
  subscribers_.push_back(subscriber);
  if (resume_after && *resume_after >= floor_ && *resume_after <= head_) {
    result.resumed = true;
    for (const auto& commit : history_) {
      if (commit->revision > *resume_after) subscriber->OnCommit(commit);
    }
  }
  return result;
}

void EventBus::Publish(std::shared_ptr<const Commit> commit) {
  const std::lock_guard lock(mutex_);
  head_ = commit->revision;
  for (Subscriber* subscriber : subscribers_) subscriber->OnCommit(commit);
  history_bytes_ += SizeOf(*commit);
  history_.push_back(std::move(commit));
  while (history_.size() > limits::kBusHistoryEvents || history_bytes_ > limits::kBusHistoryBytes) {
    history_bytes_ -= SizeOf(*history_.front());
    floor_ = history_.front()->revision;
    history_.pop_front();
  }
}

void EventBus::PublishEphemeral(std::shared_ptr<const Ephemeral> ephemeral) {
  const std::lock_guard lock(mutex_);
  for (Subscriber* subscriber : subscribers_) subscriber->OnEphemeral(ephemeral);
}

void EventBus::Close(const Error& why) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  closed_ = why;
  for (Subscriber* subscriber : subscribers_) subscriber->OnClosed(why);
  subscribers_.clear();
}

void EventBus::Unsubscribe(Subscriber* subscriber) {
  const std::lock_guard lock(mutex_);
  std::erase(subscribers_, subscriber);
}

}  // namespace hark::bus
