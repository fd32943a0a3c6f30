#include "daemon/ipc/watch_queue.h"

#include <algorithm>
#include <utility>

#include "daemon/base/limits.h"

namespace hark::ipc {
namespace {

// Messages being produced in one conversation at one time, with room to spare; the oldest is let
// go.
constexpr std::size_t kPassing = 16;

// `newer` makes `older` worthless.
bool Replaces(const bus::Ephemeral& newer, const bus::Ephemeral& older) {
  if (newer.index() != older.index()) return false;
  if (const auto* partial = std::get_if<bus::PartialMessage>(&newer)) {
    return partial->message == std::get<bus::PartialMessage>(older).message;
  }
  const auto& typing = std::get<bus::Typing>(newer);
  const auto& before = std::get<bus::Typing>(older);
  return typing.conversation == before.conversation && typing.role == before.role;
}

}  // namespace

void WatchQueue::Push(std::shared_ptr<const Commit> commit, std::size_t bytes) {
  if (commit->revision <= revision_) return;
  ForgetPartialsOf(*commit);
  if (lost_) return;
  if (commits_.size() >= limits::kStreamQueueEvents || bytes > limits::kStreamQueueBytes - bytes_) {
    Lose();
    return;
  }
  const LocalRevision revision = commit->revision;
  commits_.push_back({std::move(commit), revision, bytes});
  bytes_ += bytes;
}

void WatchQueue::Skip(LocalRevision revision) {
  if (lost_) return;
  heard() = std::max(heard(), revision);
}

LocalRevision& WatchQueue::heard() {
  return commits_.empty() ? revision_ : commits_.back().revision;
}

void WatchQueue::WantSnapshot() {
  snapshot_wanted_ = true;
  if (!before_wanted_) before_wanted_ = heard();
}

StreamPlace WatchQueue::place() const {
  return {revision_, std::min(revision_, before_wanted_.value_or(revision_))};
}

void WatchQueue::PutPassing(std::shared_ptr<const bus::Ephemeral> ephemeral) {
  std::erase_if(passing_, [&](const auto& older) { return Replaces(*ephemeral, *older); });
  if (passing_.size() >= kPassing) passing_.erase(passing_.begin());
  passing_.push_back(std::move(ephemeral));
}

void WatchQueue::BeginSnapshot() {
  snapshot_wanted_ = false;
  before_wanted_.reset();
  lost_ = false;
}

void WatchQueue::StartAt(LocalRevision revision) {
  revision_ = std::max(revision_, revision);
  while (!commits_.empty() && commits_.front().commit->revision <= revision_) {
    // What followed the forgotten commit held nothing for this stream.
    revision_ = std::max(revision_, commits_.front().revision);
    bytes_ -= commits_.front().bytes;
    commits_.pop_front();
  }
}

WatchQueue::Item WatchQueue::Take() {
  if (!commits_.empty()) {
    Waiting first = std::move(commits_.front());
    commits_.pop_front();
    bytes_ -= first.bytes;
    revision_ = first.revision;
    return Delta{std::move(first.commit), place()};
  }
  if (snapshot_wanted_) {
    BeginSnapshot();
    return ReadSnapshot{};
  }
  if (!passing_.empty()) {
    Passing oldest{std::move(passing_.front()), place()};
    passing_.erase(passing_.begin());
    return oldest;
  }
  return NothingToDo{};
}

void WatchQueue::Lose() {
  commits_.clear();
  bytes_ = 0;
  lost_ = true;
  snapshot_wanted_ = true;
}

void WatchQueue::ForgetPartialsOf(const Commit& commit) {
  std::erase_if(passing_, [&](const auto& ephemeral) {
    const auto* partial = std::get_if<bus::PartialMessage>(ephemeral.get());
    return partial != nullptr &&
           std::any_of(commit.messages.begin(), commit.messages.end(),
                       [&](const Message& message) { return message.id == partial->message; });
  });
}

}  // namespace hark::ipc
