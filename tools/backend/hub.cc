#include "tools/backend/hub.h"

namespace hark::backend {

void Hub::Remove(Subscriber* subscriber) {
  all_.erase(subscriber);
  for (auto it = by_user_.begin(); it != by_user_.end();) {
    it->second.erase(subscriber);
    it = it->second.empty() ? by_user_.erase(it) : std::next(it);
  }
}

std::vector<Subscriber*> Hub::Of(const UserId& user) const {
  const auto found = by_user_.find(user);
  if (found == by_user_.end()) return {};
  return Copy(found->second);
}

void Hub::LogGrown(const UserId& user) {
  for (Subscriber* subscriber : Of(user)) subscriber->OnLogGrown();
}

void Hub::SendEphemeral(const UserId& user, const wire::Ephemeral& ephemeral) {
  for (Subscriber* subscriber : Of(user)) subscriber->OnEphemeral(ephemeral);
}

void Hub::Tick() {
  for (Subscriber* subscriber : Copy(all_)) {
    if (all_.contains(subscriber)) subscriber->OnTick();
  }
}

void Hub::TokensChanged() {
  for (Subscriber* subscriber : Copy(all_)) {
    if (all_.contains(subscriber)) subscriber->OnTokensChanged();
  }
}

void Hub::GoAway(const std::string& reason) {
  for (Subscriber* subscriber : Copy(all_)) {
    if (all_.contains(subscriber)) subscriber->GoAway(reason);
  }
}

}  // namespace hark::backend
