#include "daemon/store/reader_pool.h"

#include <utility>

#include "daemon/store/error_policy.h"

namespace hark::store {

Snapshot::Snapshot(Connection& authored, Connection& cache, const StorePosition& position,
                   WallTime now)
    : revision_(position.revision), moves_done_(position.moves.done()) {
  // What left and was answered while the two files were looked at, would be in neither list: look
  // again, and not for ever.
  constexpr int kMostLooks = 4;
  for (int look = 1;; ++look) {
    in_flight_ = position.in_flight.Load();
    authored_.emplace(authored);
    cache_.emplace(cache);
    const auto later = position.in_flight.Load();
    if (later == in_flight_) break;
    if (look < kMostLooks) continue;
    InFlight both = *in_flight_;
    both.sending.insert(later->sending.begin(), later->sending.end());
    both.leaving.insert(later->leaving.begin(), later->leaving.end());
    in_flight_ = std::make_shared<const InFlight>(std::move(both));
    break;
  }
  const bool may_overlap = position.moves.begun() != moves_done_;
  view_.emplace(authored, cache, *in_flight_, now, may_overlap);
}

ReaderPool::ReaderPool(OpenConnection open_cache, OpenConnection open_authored, std::size_t size,
                       const Clock& clock, const StorePosition& position, DamageReport& damage)
    : open_cache_(std::move(open_cache)),
      open_authored_(std::move(open_authored)),
      size_(size),
      clock_(clock),
      position_(position),
      damage_(damage) {
  for (std::size_t i = 0; i < size_; ++i) idle_.push_back(std::make_unique<Slot>());
}

void ReaderPool::Close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  given_back_.notify_all();
  given_back_.wait(lock, [this] { return idle_.size() == size_; });
  for (auto& slot : idle_) *slot = Slot();
}

Result<void> ReaderPool::WithoutReaders(const std::function<Result<void>()>& body) {
  std::unique_lock lock(mutex_);
  paused_ = true;
  given_back_.wait(lock, [this] { return idle_.size() == size_; });
  for (auto& slot : idle_) *slot = Slot();
  auto result = Catching(body);
  paused_ = false;
  given_back_.notify_all();
  return result;
}

// The slot used last is the warmest.
std::unique_ptr<ReaderPool::Slot> ReaderPool::Take() {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [this] { return closed_ || (!paused_ && !idle_.empty()); });
  if (closed_) return nullptr;
  std::unique_ptr<Slot> slot = std::move(idle_.back());
  idle_.pop_back();
  return slot;
}

void ReaderPool::GiveBack(std::unique_ptr<Slot> slot) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(slot));
  if (closed_ || paused_) {
    given_back_.notify_all();  // Close() or WithoutReaders() waits among the others.
  } else {
    given_back_.notify_one();
  }
}

void ReaderPool::OpenIfNeeded(Slot& slot) {
  const auto open = [this](const OpenConnection& open_one, File file) {
    try {
      return open_one();
    } catch (const SQLite::Exception& exception) {
      if (VerdictOf(CodeOf(exception)) == Verdict::kSetAside) damage_.Report(file);
      throw;
    }
  };
  if (slot.authored == nullptr) slot.authored = open(open_authored_, File::kAuthored);
  if (slot.cache == nullptr) slot.cache = open(open_cache_, File::kCache);
}

bool ReaderPool::Drop(Slot& slot, const SQLite::Exception& exception, bool is_second) {
  const Verdict verdict = VerdictOf(CodeOf(exception));
  if (!NeedsReopening(verdict)) return false;
  if (is_second && verdict == Verdict::kSetAside) {
    const auto is_damaged = [](const std::unique_ptr<Connection>& connection) {
      return connection != nullptr && VerdictOf(connection->LastFailure()) == Verdict::kSetAside;
    };
    if (is_damaged(slot.cache)) damage_.Report(File::kCache);
    if (is_damaged(slot.authored)) damage_.Report(File::kAuthored);
  }
  slot = Slot();
  return !is_second;
}

}  // namespace hark::store
