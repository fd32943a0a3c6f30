// Where the store stands, shared by the writer, which moves it, and the readers: the newest
// revision, the sends under way, and whether a send may be in both files at the moment.

#ifndef HARK_DAEMON_STORE_STORE_POSITION_H_
#define HARK_DAEMON_STORE_STORE_POSITION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "daemon/model/ids.h"
#include "daemon/store/in_flight.h"

namespace hark::store {

// Counts the commits that bring sends of authored.db into cache.db. A reader takes `done` before
// its snapshot of authored.db and `begun` after its snapshot of cache.db: if they are equal, no
// send is in both.
class MoveCounter {
 public:
  void Begin() { ++begun_; }
  // What was moved so far is removed from authored.db too.
  void AllRemoved() { done_ = begun_.load(); }

  [[nodiscard]] std::uint64_t begun() const { return begun_; }
  [[nodiscard]] std::uint64_t done() const { return done_; }

 private:
  std::atomic<std::uint64_t> begun_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
};

// Closed from the answer to a send, which is given when authored.db has it, until cache.db shows it
// too. Readers wait for that, so that what is read after the answer shows the send, and its
// revision.
class AnswerGate {
 public:
  // Opens it at the end of its life, whether what was to be shown is shown or could not be.
  class Opener {
   public:
    explicit Opener(AnswerGate& gate) : gate_(gate) {}
    Opener(const Opener&) = delete;
    Opener& operator=(const Opener&) = delete;
    ~Opener() { gate_.Open(); }

   private:
    AnswerGate& gate_;
  };

  void Close() { closed_.store(true); }
  void Wait() const { closed_.wait(true); }

 private:
  void Open() {
    if (!closed_.load()) return;
    closed_.store(false);
    closed_.notify_all();
  }

  std::atomic<bool> closed_ = false;
};

// Thread-safe; constant after opening where nothing else is said.
struct StorePosition {
  std::string store_id;
  std::string names_revisions;              // The store and its incarnation (Reader::StoreId()).
  std::atomic<LocalRevision> revision = 0;  // Set after the commit.
  PublishedInFlight in_flight;              // Set before the revision that tells of it.
  MoveCounter moves;
  std::atomic<std::size_t> log_bytes = 0;  // Of the longer log, after the last group.
  AnswerGate answers;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STORE_POSITION_H_
