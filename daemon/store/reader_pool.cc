#include "daemon/store/reader_pool.h"

#include <utility>

namespace hark::store {

Snapshot::Snapshot(Connection& authored, Connection& cache, const StorePosition& position,
                   WallTime now)
    : revision_(position.revision),
      moves_done_(position.moves.done()),
      sending_(position.sending.Load()) {
  authored_.emplace(authored);
  cache_.emplace(cache);
  const bool may_overlap = position.moves.broken() || position.moves.begun() != moves_done_;
  view_.emplace(MergedView{authored, cache, *sending_, now, may_overlap});
}

ReaderPool::ReaderPool(OpenConnection open_cache, OpenConnection open_authored, std::size_t size,
                       const Clock& clock, const StorePosition& position)
    : open_cache_(std::move(open_cache)),
      open_authored_(std::move(open_authored)),
      size_(size),
      clock_(clock),
      position_(position) {
  for (std::size_t i = 0; i < size_; ++i) idle_.push_back(std::make_unique<Slot>());
}

void ReaderPool::Close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  given_back_.notify_all();
  given_back_.wait(lock, [this] { return idle_.size() == size_; });
  for (auto& slot : idle_) *slot = Slot();
}

// The slot used last is the warmest.
std::unique_ptr<ReaderPool::Slot> ReaderPool::Take() {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [this] { return closed_ || !idle_.empty(); });
  if (closed_) return nullptr;
  std::unique_ptr<Slot> slot = std::move(idle_.back());
  idle_.pop_back();
  return slot;
}

void ReaderPool::GiveBack(std::unique_ptr<Slot> slot) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(slot));
  if (closed_) {
    given_back_.notify_all();  // Close() waits among the others.
  } else {
    given_back_.notify_one();
  }
}

void ReaderPool::OpenIfNeeded(Slot& slot) const {
  if (slot.authored == nullptr) slot.authored = open_authored_();
  if (slot.cache == nullptr) slot.cache = open_cache_();
}

}  // namespace hark::store
