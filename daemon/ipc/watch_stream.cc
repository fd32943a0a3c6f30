#include "daemon/ipc/watch_stream.h"

#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include "daemon/ipc/status.h"
#include "daemon/ipc/tokens.h"

namespace hark::ipc {

ByteStream* WatchStream::Start(StreamRegistry& registry,
                               std::shared_ptr<account::OpenAccount> account,
                               std::unique_ptr<const WatchTopic> topic,
                               std::string_view resume_token) {
  if (const Result<void> exists = topic->Check(account->reader()); !exists) {
    return RefusedStream(ToStreamStatus(exists.error()));
  }
  auto* stream = new WatchStream(registry, std::move(account), std::move(topic));
  if (const Result<void> added = registry.Add(stream); !added) {
    delete stream;
    return RefusedStream(ToStreamStatus(added.error()));
  }
  stream->Begin(resume_token);
  return stream;
}

void WatchStream::Begin(std::string_view resume_token) {
  const auto resume_after = ParseResumeToken(resume_token, account_->reader().StoreId());
  // Subscribing comes before reading: what is committed in between is in the queue and in the
  // snapshot, and StartAt() drops it from the queue.
  auto subscribed = account_->bus()->Subscribe(this, resume_after);
  subscription_ = std::move(subscribed.subscription);
  bool resumed = subscribed.resumed;
  {
    const std::lock_guard lock(mutex());
    if (resumed) queue_.StartAt(*resume_after);
    // What was missed may be more than a queue holds.
    resumed = resumed && !queue_.lost();
    if (!resumed) queue_.BeginSnapshot();
  }
  if (resumed) {
    BeginWith(topic_->Resumed(*resume_after));
  } else {
    BeginWithPrepare();
  }
}

StreamReactor::Work WatchStream::NextWork() {
  const WatchQueue::Item item = queue_.Take();
  if (const auto* delta = std::get_if<WatchQueue::Delta>(&item)) {
    return Write{topic_->Delta(*delta->commit, delta->place)};
  }
  if (const auto* passing = std::get_if<WatchQueue::Passing>(&item)) {
    return Write{topic_->Passing(*passing->ephemeral, passing->place)};
  }
  if (std::holds_alternative<WatchQueue::ReadSnapshot>(item)) return ReadFirst{};
  return Idle{};
}

Result<StreamReactor::Event> WatchStream::Prepare() {
  {
    const std::lock_guard lock(mutex());
    ended_at_gap_ = true;
  }
  Result<WatchTopic::Snapshot> snapshot = topic_->Read(account_->reader());
  if (!snapshot) return tl::unexpected(snapshot.error());
  const std::lock_guard lock(mutex());
  queue_.StartAt(snapshot->revision);
  ended_at_gap_ = snapshot->ended_at_gap;
  return std::move(snapshot->event);
}

void WatchStream::Detach() {
  subscription_.reset();
  account_.reset();
}

void WatchStream::OnCommit(std::shared_ptr<const Commit> commit) {
  const std::size_t weight = topic_->Weight(*commit);
  const bool changes_gap = topic_->ChangesGap(*commit);
  {
    const std::lock_guard lock(mutex());
    const LocalRevision revision = commit->revision;
    if (changes_gap && ended_at_gap_) queue_.WantSnapshot();
    if (weight > 0) {
      queue_.Push(std::move(commit), weight);
    } else {
      queue_.Skip(revision);
    }
  }
  Pump();
}

void WatchStream::OnEphemeral(std::shared_ptr<const bus::Ephemeral> ephemeral) {
  if (!topic_->Wants(*ephemeral)) return;
  {
    const std::lock_guard lock(mutex());
    queue_.PutPassing(std::move(ephemeral));
  }
  Pump();
}

void WatchStream::OnClosed(const Error& why) {
  End(ToStreamStatus(why));
}

}  // namespace hark::ipc
