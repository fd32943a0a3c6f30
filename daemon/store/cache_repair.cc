#include "daemon/store/cache_repair.h"

#include <utility>

#include "daemon/store/job_context.h"
#include "daemon/store/outbox_rows.h"

namespace hark::store {
namespace {

constexpr char kAllConversations[] = "SELECT id FROM conversations";

}  // namespace

Result<RepairReport> ReplaceDamagedCache(const CacheRepair& repair, std::string reason) {
  RepairReport report;
  report.reason = std::move(reason);
  auto replaced = repair.writer.ReplaceCache([&]() -> Result<void> {
    const auto salvaged = repair.files.MakeNewCache(repair.key, repair.store_id, repair.noted);
    if (!salvaged) return tl::unexpected<Error>(salvaged.error());
    report.conversations = salvaged->conversations;
    report.messages = salvaged->messages;
    report.damaged_pages = salvaged->damaged_pages;
    return repair.readers.WithoutReaders(
        [&] { return repair.files.TakeNewCache(repair.clock.WallNow(), report); });
  });
  if (!replaced) return tl::unexpected<Error>(std::move(replaced.error()));
  return report;
}

Result<void> AnnounceAllJob::Run(JobContext& context) {
  Query query(context.cache().statements(), kAllConversations);
  while (query.Next()) context.changes().gaps.insert(ConversationId(query.GetText(0)));
  for (const OutboxRow& row : ListOutbox(context.authored()))
    context.changes().NoteOutbox(row.entry.position);
  context.changes().any = true;
  return {};
}

void AnnounceAllJob::Answer(Result<LocalRevision> /*result*/) {}

}  // namespace hark::store
