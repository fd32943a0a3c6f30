// How many exports, backups and restores may be open at once.

#ifndef HARK_DAEMON_IPC_ARCHIVE_SLOT_H_
#define HARK_DAEMON_IPC_ARCHIVE_SLOT_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "daemon/base/limits.h"

namespace hark::ipc {

// A call that counts among those that may be open at once, for as long as this lives; that may be
// longer than the server does, when an answer never comes.
class ArchiveSlot {
 public:
  using Count = std::shared_ptr<std::atomic<std::size_t>>;

  // Null: too many are open.
  [[nodiscard]] static std::unique_ptr<ArchiveSlot> Take(Count taken) {
    const std::size_t now = ++*taken;
    std::unique_ptr<ArchiveSlot> slot(new ArchiveSlot(std::move(taken)));
    if (now > limits::kArchiveCalls) return nullptr;
    return slot;
  }
  ArchiveSlot(const ArchiveSlot&) = delete;
  ArchiveSlot& operator=(const ArchiveSlot&) = delete;
  ~ArchiveSlot() { --*taken_; }

 private:
  explicit ArchiveSlot(Count taken) : taken_(std::move(taken)) {}

  const Count taken_;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_ARCHIVE_SLOT_H_
