// The driver of the sync machine: carries out what the machine answers with, and tells it what came
// of it. Makes no decision of its own.

#ifndef HARK_DAEMON_SYNC_ENGINE_H_
#define HARK_DAEMON_SYNC_ENGINE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/alarm.h"
#include "daemon/base/clock.h"
#include "daemon/base/limits.h"
#include "daemon/base/metrics.h"
#include "daemon/base/secret.h"
#include "daemon/base/task.h"
#include "daemon/bus/event_bus.h"
#include "daemon/model/commit.h"
#include "daemon/store/reader.h"
#include "daemon/store/writer.h"
#include "daemon/sync/backoff.h"
#include "daemon/sync/connection.h"
#include "daemon/sync/machine.h"
#include "daemon/sync/room_watch.h"
#include "daemon/sync/status.h"
#include "daemon/sync/store_backlog.h"
#include "daemon/transport/backend.h"

namespace hark::sync {

// Clock, metrics and board outlive the engine; the rest is shared.
struct EngineParts {
  Executor io;
  Executor readers;  // Where store reads run, so that none blocks the I/O thread.
  Clock& clock;
  std::unique_ptr<Alarm> alarm;  // Rings on `io`.
  Metrics& metrics;
  StatusBoard& board;
  std::shared_ptr<store::Reader> reader;
  std::shared_ptr<store::Writer> writer;
  std::shared_ptr<transport::Backend> backend;
  std::shared_ptr<bus::EventBus> bus;
  UserId user;
  Secret token;
  std::string device_id;
  std::string client;  // "harkd/1.0.0"
  std::uint64_t seed = 0;
  // How long unsent messages and edits are tried by themselves.
  std::chrono::milliseconds outbox_age = limits::kOutboxAge;
  // For after the disk took a write no more; both or neither. The alarm rings on `io`; `has_room`
  // is called on `readers`.
  std::unique_ptr<Alarm> room_alarm = nullptr;
  std::function<bool()> has_room = nullptr;
  // The backend gave a new token; called on the I/O thread.
  std::function<void(Secret)> save_token;
  // The backend no longer accepts the token; called on the I/O thread.
  std::function<void()> token_refused;
};

// Confined to the I/O executor, except Established() and the Notify… calls, which any thread may
// make. Everything happens on the two executors and when the alarm rings, so that a simulation can
// run it in one thread with `readers` being `io`. Owned by shared_ptr.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  explicit Engine(EngineParts parts);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  // Once: reads where the store stands and begins to connect. Tries again by itself as long as the
  // store cannot be read.
  void Start();
  // Ends the connection; nothing is published afterwards. Repeatable.
  void Stop();

  // There is a connection that a send could leave on. May be outdated when it returns.
  [[nodiscard]] bool Established() const { return established_; }

  // From the store, for each commit that touched the outbox, in order.
  void NotifyOutboxChanged(const Commit& commit);
  void NotifyOpened(ConversationId conversation);
  void NotifyFetchWanted(Gap gap);
  void NotifySyncNow();
  // The network of this machine changed, or it was asleep.
  void NotifyWorldChanged();

 private:
  void Feed(Input input);
  void Post(Input input);
  void SetAlarm();
  void StartLater(const Error& why);

  void Do(OpenConnection action);
  void Do(CloseConnection action);
  void Do(SendHello action);
  void Do(SendFrame action);
  void Do(SendEntry action);
  void Do(CommitBatch action);
  void Do(LoadPlan action);
  void Do(LoadGaps action);
  void Do(LoadOutbox action);
  void Do(Publish action);
  void Do(PublishEphemeral action);
  void Do(SaveToken action);

  void Send(transport::ClientFrame frame);
  // Runs `read` on a reader thread and `then` with its result on the I/O thread, unless stopped by
  // then.
  template <typename Read, typename Then>
  void ReadThen(Read read, Then then);
  void LookForRoom(std::function<void(bool)> answer);
  // When the messages of the batch were written that metrics.sync counts.
  [[nodiscard]] std::vector<WallTime> LiveMessages(const store::Batch& batch) const;
  void OnStored(std::uint64_t number, const Result<LocalRevision>& result,
                std::chrono::microseconds took, const std::vector<WallTime>& live);

  EngineParts parts_;
  Machine machine_;
  Backoff start_backoff_;
  std::optional<Clock::Instant> start_at_;  // Again, since the store could not be read.
  std::optional<RoomWatch> room_;
  std::shared_ptr<Connection> connection_;
  StoreBacklog backlog_;
  std::atomic<bool> established_ = false;
  bool stopped_ = false;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_ENGINE_H_
