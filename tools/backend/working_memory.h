#ifndef HARK_TOOLS_BACKEND_WORKING_MEMORY_H_
#define HARK_TOOLS_BACKEND_WORKING_MEMORY_H_

// The messages accepted within the last 24 hours, in LMDB. A copy of the archive's newest part,
// never the only place of anything: it is filled from the archive at start, written after each of
// the archive's commits, and swept by time.
//
// What it holds of a conversation is always its newest messages without a hole: sequences are given
// in the order of acceptance, and the oldest acceptance goes first. So `FirstSequence` says where
// to stop reading here and go on in the archive. When it is full or fails it forgets everything
// (the empty memory is a right one) and is filled by what follows. It does not sync: after a crash
// it is made anew.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/backend/message_rows.h"
#include "tools/backend/result.h"

struct MDB_env;
struct MDB_txn;

namespace hark::backend {

class WorkingMemory {
 public:
  // Makes the folder's memory anew, empty.
  static Result<std::unique_ptr<WorkingMemory>> Open(const std::string& folder,
                                                     std::size_t max_bytes);
  ~WorkingMemory();
  WorkingMemory(const WorkingMemory&) = delete;
  WorkingMemory& operator=(const WorkingMemory&) = delete;

  // Adds messages, in order of acceptance.
  void Add(const std::vector<MessageRow>& rows);
  // Replaces a message that is held; one that is not stays out.
  void Update(const MessageRow& row);

  // The oldest sequence held of the conversation; none if nothing is.
  [[nodiscard]] std::optional<std::uint64_t> FirstSequence(ConversationKey conversation);
  // Adds the messages from `from` to `to` to `out`, oldest first. False, and `out` as it was, if
  // not all are held.
  bool Read(ConversationKey conversation, std::uint64_t from, std::uint64_t to,
            std::vector<Message>* out);

  // Forgets what was accepted at `cutoff` or before; how many that was.
  std::size_t Expire(TimePoint cutoff);

  [[nodiscard]] std::size_t Count();

 private:
  explicit WorkingMemory(MDB_env* env) : env_(env) {}
  // One read transaction, given back at the end of the scope: an open one would keep old pages from
  // being used again.
  class Reading;

  bool OpenTables();
  bool TryAdd(const std::vector<MessageRow>& rows);
  void Clear();

  MDB_env* env_;
  bool usable_ = true;  // False once not even clearing worked; then the archive answers everything.
  MDB_txn* reader_ =
      nullptr;  // Kept and renewed: beginning one from nothing takes a lock each time.
  unsigned int messages_ = 0;
  unsigned int by_acceptance_ = 0;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_WORKING_MEMORY_H_
