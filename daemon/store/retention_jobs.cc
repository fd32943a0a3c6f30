#include "daemon/store/retention_jobs.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/free_pages.h"
#include "daemon/store/job_context.h"
#include "daemon/store/opened_rows.h"
#include "daemon/store/retention_rows.h"
#include "daemon/store/search_index.h"

namespace hark::store {
namespace {

constexpr std::uint32_t kIndexedRows = 250;

bool IsActive(JobContext& context, const ConversationId& conversation) {
  const auto opened = ReadOpened(context.authored(), conversation);
  return opened && *opened >= context.clock().WallNow() - limits::kActiveFor;
}

}  // namespace

EvictJob::EvictJob(std::vector<Eviction> evictions, RetentionStore::Done<Evicted> done)
    : evictions_(std::move(evictions)), done_(std::move(done)) {}

Result<void> EvictJob::Run(JobContext& context) {
  evicted_ = {};
  const std::size_t count = std::min(evictions_.size(), kEvictionConversations);
  while (evicted_.finished < count && evicted_.messages < kEvictionMessages) {
    if (!EvictSome(context, evictions_[evicted_.finished])) break;
    ++evicted_.finished;
  }
  if (evicted_.messages > 0) ForgetHighestKeys(context.WriteCache());
  return {};
}

bool EvictJob::EvictSome(JobContext& context, const Eviction& eviction) {
  ConversationState* conversation = context.Find(eviction.conversation);
  if (conversation == nullptr) return true;
  if (ReadRetention(context.authored(), eviction.conversation) == 0U) return true;
  const std::int64_t key = conversation->row().key;
  const Sequence spared_from =
      SparedFrom(context.cache(), key, IsActive(context, eviction.conversation));
  const auto allowed = static_cast<std::uint32_t>(kEvictionMessages - evicted_.messages);
  std::vector<OldMessage> old = OldestMessages(context.cache(), key, allowed + 1);
  const bool is_all = old.size() <= allowed;
  const auto stays = [&](const OldMessage& message) {
    return message.sequence >= spared_from || message.created_at >= eviction.before ||
           HasPendingChange(context.authored(), message.id);
  };
  auto end = std::find_if(old.begin(), old.end(), stays);
  const bool complete = end != old.end() || is_all;
  if (end == old.end() && !is_all) --end;
  if (end == old.begin()) return complete;
  // Of a sequence that has several rows, those that are left keep it from being a gap.
  Sequence to = std::prev(end)->sequence;
  if (end != old.end() && end->sequence == to) --to;
  for (auto message = old.begin(); message != end; ++message) {
    DeleteMessage(context.WriteCache(), *message);
  }
  const auto count = static_cast<std::uint64_t>(end - old.begin());
  conversation->Evict(to, count);
  WriteEvictedTo(context.WriteCache(), key, to);
  evicted_.messages += count;
  return complete;
}

void EvictJob::Answer(Result<LocalRevision> result) {
  if (result) {
    done_(evicted_);
  } else {
    done_(tl::unexpected<Error>(std::move(result.error())));
  }
}

TidyJob::TidyJob(Tidying what, RetentionStore::Done<bool> done)
    : what_(what), done_(std::move(done)) {}

Result<void> TidyJob::Run(JobContext& context) {
  Connection& cache = context.WriteCache();
  switch (what_) {
    case Tidying::kMergeIndex: more_ = MergeIndex(cache, kIndexPages); break;
    case Tidying::kCompactIndex: more_ = CompactIndex(cache, kIndexPages); break;
    case Tidying::kReleaseSpace: more_ = ReleaseFreePages(cache); break;
  }
  context.NothingToTell();
  return {};
}

void TidyJob::Answer(Result<LocalRevision> result) {
  if (result) {
    done_(more_);
  } else {
    done_(tl::unexpected<Error>(std::move(result.error())));
  }
}

SetRetentionJob::SetRetentionJob(ConversationId conversation, std::optional<std::uint32_t> days,
                                 RetentionStore::Done<LocalRevision> done)
    : conversation_(std::move(conversation)), days_(days), done_(std::move(done)) {}

Result<void> SetRetentionJob::Run(JobContext& context) {
  if (context.Find(conversation_) == nullptr) {
    return Fail(ErrorCode::kNotFound, "no such conversation");
  }
  WriteRetention(context.WriteAuthored(), conversation_, days_);
  return {};
}

void SetRetentionJob::Answer(Result<LocalRevision> result) {
  done_(std::move(result));
}

Result<void> IndexJob::Run(JobContext& context) {
  if (IsIndexComplete(context.cache())) return {};
  more_ = IndexOldRows(context.WriteCache(), kIndexedRows);
  context.NothingToTell();
  return {};
}

void IndexJob::Answer(Result<LocalRevision> result) {
  // After a failure the next opening goes on.
  if (result && more_) thread_.Submit(std::make_unique<IndexJob>(thread_));
}

}  // namespace hark::store
