#ifndef HARK_TOOLS_BACKEND_HUB_H_
#define HARK_TOOLS_BACKEND_HUB_H_

// Who is connected, and the one place that tells them of something. A commit is announced by name
// of the user only: each session reads the change log from where it stands, so nothing is queued
// here and a slow client delays nobody.

#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tools/backend/types.h"

namespace hark::backend {

// What the hub knows of a session. Called on the one protocol thread.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // There is something new in the change log of the session's user.
  virtual void OnLogGrown() = 0;
  virtual void OnEphemeral(const wire::Ephemeral& ephemeral) = 0;
  // Some time has passed: look at the timeouts.
  virtual void OnTick() = 0;
  // Tokens were created or revoked by another process.
  virtual void OnTokensChanged() = 0;
  virtual void GoAway(const std::string& reason) = 0;
};

class Hub {
 public:
  // Every session, from its connection on. A session removes itself before it is destroyed.
  void Add(Subscriber* subscriber) { all_.insert(subscriber); }
  void Remove(Subscriber* subscriber);
  // A session has become one of `user`.
  void Identify(Subscriber* subscriber, const UserId& user) { by_user_[user].insert(subscriber); }

  void LogGrown(const UserId& user);
  void SendEphemeral(const UserId& user, const wire::Ephemeral& ephemeral);
  void Tick();
  void TokensChanged();
  void GoAway(const std::string& reason);

  [[nodiscard]] std::size_t size() const { return all_.size(); }

 private:
  using Set = std::unordered_set<Subscriber*>;
  // A copy: what is called may add or remove subscribers.
  static std::vector<Subscriber*> Copy(const Set& set) { return {set.begin(), set.end()}; }
  [[nodiscard]] std::vector<Subscriber*> Of(const UserId& user) const;

  Set all_;
  std::unordered_map<UserId, Set> by_user_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_HUB_H_
