// The sends that left on the present connection and are not answered. Kept in memory only: after a
// restart they are queued again, so storing it would cost an fsync for nothing.

#ifndef HARK_DAEMON_STORE_SENDING_SET_H_
#define HARK_DAEMON_STORE_SENDING_SET_H_

#include <memory>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "daemon/model/ids.h"

namespace hark::store {

using SendingSet = std::unordered_set<MessageId>;

// The set as of the last commit, for the readers. Thread-safe.
class PublishedSending {
 public:
  [[nodiscard]] std::shared_ptr<const SendingSet> Load() const {
    const std::lock_guard lock(mutex_);
    return set_;
  }

  void Store(SendingSet set) {
    auto next = std::make_shared<const SendingSet>(std::move(set));
    const std::lock_guard lock(mutex_);
    set_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const SendingSet> set_ = std::make_shared<const SendingSet>();
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SENDING_SET_H_
