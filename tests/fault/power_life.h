// The life of one store that loses power, or is killed, again and again while it is used, and the
// notes of what it answered, which are compared with what is there afterwards.

#ifndef HARK_TESTS_FAULT_POWER_LIFE_H_
#define HARK_TESTS_FAULT_POWER_LIFE_H_

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/fault/faulty_store.h"

namespace hark::fault {

// What was found wrong. Everything but the first two must stay 0.
struct Findings {
  std::uint64_t crashes = 0;
  std::uint64_t answered = 0;  // Sends that were answered, each checked after every later crash.
  std::uint64_t lost = 0;      // Answered sends that are in neither file, or lack an answered edit.
  std::uint64_t returned = 0;  // Sends that were withdrawn, as was answered, and are there again.
  std::uint64_t doubled = 0;   // Messages that are shown or waiting twice.
  std::uint64_t revisions_back = 0;
  std::uint64_t cursors_ahead = 0;  // A row before the cursor is missing.
  std::uint64_t marks_lost = 0;     // Answered read markers, openings of conversations, drafts.
  std::uint64_t unopened = 0;       // The store did not open again; its life ends.
  std::uint64_t false_alarms = 0;   // A power loss or kill was taken for damage.

  [[nodiscard]] std::uint64_t wrong() const {
    return lost + returned + doubled + revisions_back + cursors_ahead + marks_lost + unopened +
           false_alarms;
  }
  void Add(const Findings& other);
};

// Used by one thread. The same seed does the same, as long as the store does the same operations.
class PowerLife {
 public:
  // `authored_unsynced`: syncs of authored.db's log do nothing, as with synchronous=NORMAL.
  PowerLife(std::uint64_t seed, bool authored_unsynced);

  [[nodiscard]] Findings Run(std::uint64_t crashes);

 private:
  // What the backend has: its change log, one message each; position = place + 1.
  struct Entry {
    Message message;
  };
  struct Call;

  void UseUntilPowerIsOff();
  // The power goes, or only the process.
  void End();
  // One call, chosen at random. Its answer is noted by Settle().
  Call Begin();
  void BeginAction(Call& call);
  // What the sync engine does with entries that wait.
  void BeginStep(Call& call);
  void Settle(Call& call);
  Message& AppendAtBackend(Message message);
  void Check(Findings& findings);
  void CheckSends(Findings& findings, const std::set<std::string>& waiting);

  std::uint64_t Pick(std::uint64_t below) { return random_() % below; }

  FaultyStore faulty_;
  std::mt19937_64 random_;
  std::vector<Entry> log_;
  std::map<std::string, Sequence> last_sequence_;
  std::uint64_t applied_ = 0;  // Positions given to the store.
  std::uint64_t next_id_ = 0;
  std::vector<Message> unacknowledged_;  // Answered, in order.
  // All answered sends by id: what each may hold by now, by the number of the call. The first is
  // the last one that was answered.
  std::map<std::string, std::map<std::uint64_t, std::string>> answered_;
  std::set<std::string> withdrawing_;       // Withdrawn, and perhaps not answered.
  std::set<std::string> withdrawn_;         // Answered.
  std::map<std::string, Sequence> read_;    // Answered markers.
  std::map<std::string, WallTime> opened_;  // Answered openings.
  std::map<std::string, Draft> drafts_;     // Answered.
  LocalRevision newest_revision_ = 0;
};

}  // namespace hark::fault

#endif  // HARK_TESTS_FAULT_POWER_LIFE_H_
