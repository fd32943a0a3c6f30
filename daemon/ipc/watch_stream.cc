#include "daemon/ipc/watch_stream.h"

#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include "daemon/ipc/status.h"
#include "daemon/ipc/stream_call.h"
#include "daemon/ipc/tokens.h"

namespace hark::ipc {

Result<ByteStream*> WatchStream::Start(StreamRegistry& registry,
                                       std::shared_ptr<account::OpenAccount> account,
                                       std::unique_ptr<const WatchTopic> topic,
                                       std::string_view resume_token) {
  if (const auto exists = topic->Check(account->reader()); !exists) {
    return tl::unexpected(exists.error());
  }
  const auto stream = Registered(registry, std::unique_ptr<WatchStream>(new WatchStream(
                                               registry, std::move(account), std::move(topic))));
  if (!stream) return tl::unexpected(stream.error());
  (*stream)->Begin(resume_token);
  return *stream;
}

void WatchStream::Begin(std::string_view resume_token) {
  // Subscribing comes before reading: what is committed in between is in the queue and in what is
  // read, and StartAt() drops it from the queue.
  subscription_ = account_->bus()->Subscribe(this);
  const auto since = ParseResumeToken(resume_token, account_->reader().StoreId());
  if (since) {
    auto missed = account_->reader().ReadChanges(topic_->Changes(*since));
    if (missed && *missed) {
      missed_ = *std::move(missed);
      {
        const std::lock_guard lock(mutex());
        missed_since_ = since;
        queue_.StartAt(*since);
      }
      BeginWith(topic_->Resumed(*since));
      return;
    }
  }
  {
    const std::lock_guard lock(mutex());
    queue_.BeginSnapshot();
  }
  BeginWithPrepare();
}

StreamReactor::Work WatchStream::NextWork() {
  // What was missed is of no use without what followed.
  if (queue_.lost()) missed_since_.reset();
  if (missed_since_) return ReadFirst{};
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
  std::optional<LocalRevision> since;
  {
    const std::lock_guard lock(mutex());
    since = missed_since_;
  }
  return since ? ReadMissed(*since) : ReadSnapshot();
}

Result<StreamReactor::Event> WatchStream::ReadSnapshot() {
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

// One stretch of the log; the next when this one is written.
Result<StreamReactor::Event> WatchStream::ReadMissed(LocalRevision since) {
  auto page = std::exchange(missed_, std::nullopt);
  if (!page) {
    auto read = account_->reader().ReadChanges(topic_->Changes(since));
    if (!read) return tl::unexpected(read.error());
    page = *std::move(read);
  }
  if (!page) {
    {
      const std::lock_guard lock(mutex());
      missed_since_.reset();
      queue_.BeginSnapshot();
    }
    return ReadSnapshot();
  }
  const Commit& changes = page->changes;
  {
    const std::lock_guard lock(mutex());
    missed_since_ = changes.revision;
    if (page->complete) {
      missed_since_.reset();
      queue_.StartAt(changes.revision);
    }
  }
  if (topic_->Weight(changes) == 0) return Event();
  return topic_->Delta(changes, {changes.revision, changes.revision});
}

void WatchStream::Detach() {
  subscription_.reset();
  account_.reset();
}

void WatchStream::OnCommit(std::shared_ptr<const Commit> commit) {
  const std::size_t weight = topic_->Weight(*commit);
  const bool changes_gap = topic_->ChangesGap(*commit);
  const bool read_again = commit->read_again;
  const LocalRevision revision = commit->revision;
  if (weight > 0) commit = topic_->Part(std::move(commit));
  {
    const std::lock_guard lock(mutex());
    if (read_again || (changes_gap && ended_at_gap_)) queue_.WantSnapshot();
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
