// One simulated life: the real engine over the real store on a disk that fails, a model backend, a
// person at several windows. One thread, one seed.

#ifndef HARK_TESTS_SIM_WORLD_H_
#define HARK_TESTS_SIM_WORLD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "daemon/account/user_state_keeper.h"
#include "daemon/base/metrics.h"
#include "daemon/bus/event_bus.h"
#include "daemon/store/sqlcipher_store.h"
#include "daemon/sync/engine.h"
#include "daemon/sync/local_intents.h"
#include "tests/sim/model_backend.h"
#include "tests/sim/model_network.h"
#include "tests/sim/simulated_time.h"
#include "tests/sim/watcher.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/scratch_folder.h"

namespace hark::sim {

// What the person was promised.
struct Promise {
  MessageId id;
  ConversationId conversation;
  std::string content;
  bool accepted = false;   // The call was answered.
  bool cancelled = false;  // And withdrawn again.
  bool called = false;
  bool uncertain = false;  // A call to withdraw it was not answered: it may be there or not.
  bool reordered = false;  // Its place is not promised: skipped, retried after it had expired, or
                           // the first call was not answered.
};

class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Lives, then ends the faults, waits until everything is quiet, and compares. What is wrong, in a
  // sentence; empty if nothing is.
  std::string Live();

  struct Counts {
    std::uint64_t crashes = 0;
    std::uint64_t sends = 0;
    std::uint64_t edits = 0;
    std::uint64_t cancels = 0;
    std::uint64_t retries = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  // ---- The daemon ----
  bool Start();
  bool Open();
  // kill -9, or the loss of power.
  void Crash(bool power_lost);
  void Stop();
  void OnCommit(const std::shared_ptr<const Commit>& commit);

  // ---- Time ----
  // Everything that can happen without time passing; the writer may be slower.
  void Settle(bool writes = true);
  void Pass(Clock::Duration duration);

  // ---- What happens (happenings.cc) ----
  void DoSomething();
  void PersonActs();
  void Send();
  void Repeat(Promise& promise);
  void EditSomething();
  void DeleteSomething();
  void CancelSomething();
  void RetryOrSkip();
  void ReadSomething();
  void Draft();
  void OthersAct();
  void BackendSuffers();
  // By a backend that is about to be restored from this copy.
  void ForgetIfUndone(const MessageId& id, const ModelBackend& backup);
  void NetworkChanges();
  void DiskSuffers();

  // ---- In the end (invariants.cc) ----
  void EndFaults();
  std::string Quiesce();
  std::string Incomplete();
  std::string Check();
  std::string CompareConversation(const ModelConversation& conversation);
  std::string CheckPromises();
  std::string CheckEdits();

  // ---- Drafts (drafts.cc) ----
  void NoteDraftsBeforeCrash();
  // `quiet`: everything has been written.
  std::string CheckDrafts(bool quiet);

  [[nodiscard]] std::uint64_t Below(std::uint64_t bound) { return random_() % bound; }
  [[nodiscard]] bool Chance(unsigned per_thousand) { return Below(1'000) < per_thousand; }
  [[nodiscard]] ConversationId SomeConversation();
  [[nodiscard]] std::optional<Message> SomeMessage();

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  test::ScratchFolder folder_;
  fault::FaultVfs disk_;
  SimulatedTime time_;
  SimulatedAlarm save_alarm_{time_};
  asio::io_context io_;
  Metrics metrics_;
  sync::StatusBoard board_;
  ModelBackend backend_;
  std::optional<ModelBackend> backup_;
  std::shared_ptr<ModelNetwork> network_;

  // Gone while the daemon is down.
  std::shared_ptr<store::SqlcipherStore> store_;
  std::shared_ptr<bus::EventBus> bus_;
  std::unique_ptr<sync::LocalIntents> intents_;
  std::unique_ptr<account::UserStateKeeper> user_state_;
  std::shared_ptr<sync::Engine> engine_;

  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::vector<Promise> promises_;           // In the order of the calls.
  std::map<MessageId, std::string> edits_;  // The last accepted edit of each.
  std::set<MessageId> deletions_;           // Accepted.
  struct Written {
    std::string text;
    Clock::Instant at;
    std::uint64_t failed = 0;  // Operations of the disk, until then.
  };
  std::map<ConversationId, std::map<std::uint64_t, Written>> drafts_;  // By version.
  std::map<ConversationId, std::uint64_t> flushed_;  // Versions that must not be lost.
  std::set<MessageId> forgotten_;                    // Lost by a backend that was restored.
  bool restored_ = false;
  std::map<MessageId, std::uint64_t> revisions_;  // The highest that was announced.
  LocalRevision revision_ = 0;
  int boots_ = 1;        // Of the simulated machine.
  std::string problem_;  // Why the store did not open.
  std::string complaint_;
  Counts counts_;
  int conversations_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace hark::sim

#endif  // HARK_TESTS_SIM_WORLD_H_
