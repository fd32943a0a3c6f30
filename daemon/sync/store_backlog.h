// What was received and is not stored yet, and whether that is too much to receive more. Pure.

#ifndef HARK_DAEMON_SYNC_STORE_BACKLOG_H_
#define HARK_DAEMON_SYNC_STORE_BACKLOG_H_

#include <cstddef>

#include "daemon/base/limits.h"

namespace hark::sync {

class StoreBacklog {
 public:
  // A batch of so many bytes goes to the writer, is answered.
  void Add(std::size_t bytes) {
    ++batches_;
    bytes_ += bytes;
    too_much_ = too_much_ || batches_ >= limits::kBatchesBehind || bytes_ >= limits::kBytesBehind;
  }
  void Remove(std::size_t bytes) {
    --batches_;
    bytes_ -= bytes;
    too_much_ =
        too_much_ && (batches_ > limits::kBatchesBehind / 2 || bytes_ > limits::kBytesBehind / 2);
  }

  // From the limit of one of the two on, until both are down to half of it.
  [[nodiscard]] bool IsTooMuch() const { return too_much_; }

 private:
  std::size_t batches_ = 0;
  std::size_t bytes_ = 0;
  bool too_much_ = false;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_STORE_BACKLOG_H_
