#include "daemon/bus/event_bus.h"

#include <vector>

namespace hark::bus {

Subscription::~Subscription() {
  bus_->Unsubscribe(subscriber_);
}

std::unique_ptr<Subscription> EventBus::Subscribe(Subscriber* subscriber) {
  const std::lock_guard lock(mutex_);
  auto subscription = std::make_unique<Subscription>(shared_from_this(), subscriber);
  if (closed_) {
    subscriber->OnClosed(*closed_);
  } else {
    subscribers_.push_back(subscriber);
  }
  return subscription;
}

void EventBus::Publish(const std::shared_ptr<const Commit>& commit) {
  const std::lock_guard lock(mutex_);
  for (Subscriber* subscriber : subscribers_) subscriber->OnCommit(commit);
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
