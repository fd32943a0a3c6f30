// Fans committed changes out to local streams, in commit order (guarantee G6), and carries the
// ephemeral lane beside them.
//
// The store's writer thread publishes and each subscriber is called on that thread: it only puts
// the event into its own bounded queue. So a change reaches a waiting stream without a hop to
// another thread (docs/adr/0010).

#ifndef HARK_DAEMON_BUS_EVENT_BUS_H_
#define HARK_DAEMON_BUS_EVENT_BUS_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/model/commit.h"

namespace hark::bus {

// A message while it is being produced; `text` is all of it so far.
struct PartialMessage {
  ConversationId conversation;
  MessageId message;
  Role role = Role::kUnspecified;
  std::string text;
};

struct Typing {
  ConversationId conversation;
  Role role = Role::kUnspecified;
  bool active = false;
};

// Never stored, may be dropped, has no revision.
using Ephemeral = std::variant<PartialMessage, Typing>;

// One stream. Called on the publisher's thread with the bus locked: must only queue, must not
// block, must not call the bus.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  virtual void OnCommit(std::shared_ptr<const Commit> commit) = 0;
  virtual void OnEphemeral(std::shared_ptr<const Ephemeral> ephemeral) = 0;
  // The last call: the daemon stops (kCancelled) or another account was signed in (kConflict).
  virtual void OnClosed(const Error& why) = 0;
};

class EventBus;

// Ends the subscription when destroyed; afterwards the subscriber is not running and is not called
// again. Must not be destroyed from inside a Subscriber call. Keeps the bus alive.
class Subscription {
 public:
  Subscription(std::shared_ptr<EventBus> bus, Subscriber* subscriber)
      : bus_(std::move(bus)), subscriber_(subscriber) {}
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription();

 private:
  std::shared_ptr<EventBus> bus_;
  Subscriber* subscriber_;
};

// Thread-safe. Owned by shared_ptr, so that a stream may outlive the account it belonged to.
class EventBus : public std::enable_shared_from_this<EventBus> {
 public:
  EventBus() = default;

  // Delivers every commit from now on. So whoever subscribes first, then reads, and skips commits
  // up to the revision of what it read, misses nothing. A closed bus answers with OnClosed at once.
  [[nodiscard]] std::unique_ptr<Subscription> Subscribe(Subscriber* subscriber);

  // Commits must come in the order of their revisions.
  void Publish(const std::shared_ptr<const Commit>& commit);
  void PublishEphemeral(std::shared_ptr<const Ephemeral> ephemeral);

  // Tells every subscriber, present and later, that this bus has ended.
  void Close(const Error& why);

 private:
  friend class Subscription;
  void Unsubscribe(Subscriber* subscriber);

  std::mutex mutex_;
  std::vector<Subscriber*> subscribers_;
  std::optional<Error> closed_;
};

}  // namespace hark::bus

#endif  // HARK_DAEMON_BUS_EVENT_BUS_H_
