#include <algorithm>
#include <exception>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "daemon/store/connection.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/conversation_state.h"
#include "daemon/store/gap_rows.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/migrator.h"
#include "daemon/store/new_file.h"
#include "daemon/store/page_source.h"
#include "daemon/store/salvage.h"
#include "daemon/store/salvage_rows.h"
#include "daemon/store/search_index.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_info_rows.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr char kSequences[] =
    "SELECT sequence FROM messages WHERE conversation = ? ORDER BY sequence";
constexpr char kInitialSyncDone[] = "UPDATE store_info SET initial_sync_done = 1 WHERE one = 1";

class CacheSalvage {
 public:
  CacheSalvage(const PageSource& pages, const Roots& roots, Connection& fresh)
      : scan_(pages, roots), fresh_(fresh) {}

  // False: the file says that it is of another store.
  bool Collect(const std::string& store_id);
  SalvageReport Write();

 private:
  struct Conversation {
    ConversationRow row;
    std::vector<GapRange> gaps;
    std::int64_t fresh_key = 0;
  };

  void TakeSmall(const FoundRow& row);
  void TakeMessage(const FoundRow& row);
  void WriteConversations();
  void Finish(Conversation& conversation);

  SalvageScan scan_;
  Connection& fresh_;
  std::map<std::int64_t, Conversation> conversations_;  // By the key in the damaged file.
  // Known from the index only.
  std::map<std::int64_t, ConversationRow> listed_;
  std::vector<SalvagedGap> gaps_;
  std::optional<CacheInfo> info_;
  std::vector<std::uint32_t> message_leaves_;
  SalvageReport report_;
};

// Everything but the messages, which are too many to be held; of them, where they are.
bool CacheSalvage::Collect(const std::string& store_id) {
  const SalvageScan::Take take = [this](const FoundRow& row) { TakeSmall(row); };
  for (const char* name : {"store_info", "conversations", "conversations_listed", "gaps"})
    scan_.Walk(name, take);
  if (info_ && info_->store_id != store_id) return false;
  message_leaves_ = scan_.WalkLeaves("messages");
  scan_.WalkTheRest();
  for (const std::uint32_t page : scan_.Orphans()) {
    bool has_messages = false;
    scan_.ReadLeaf(page, [&](const FoundRow& row) {
      if (IsMessage(row)) {
        has_messages = true;
      } else {
        TakeSmall(row);
      }
    });
    if (has_messages) message_leaves_.push_back(page);
  }
  for (auto& [key, row] : listed_) {
    if (!conversations_.contains(key)) conversations_[key].row = std::move(row);
  }
  for (const SalvagedGap& gap : gaps_) {
    if (const auto found = conversations_.find(gap.conversation); found != conversations_.end())
      found->second.gaps.push_back(gap.range);
  }
  return true;
}

// Rows of the trees come first: what an orphaned page says of the same thing may be outdated.
void CacheSalvage::TakeSmall(const FoundRow& row) {
  if (auto conversation = AsConversation(row)) {
    conversations_.try_emplace(row.rowid, Conversation{*std::move(conversation), {}, 0});
  } else if (auto listed = AsListedConversation(row)) {
    const std::int64_t key = listed->key;
    listed_.try_emplace(key, *std::move(listed));
  } else if (const auto gap = AsGap(row)) {
    gaps_.push_back(*gap);
  } else if (auto info = AsCacheInfo(row); info && !info_) {
    info_ = std::move(info);
  }
}

SalvageReport CacheSalvage::Write() {
  WriteConversations();
  const SalvageScan::Take take = [this](const FoundRow& row) { TakeMessage(row); };
  for (const std::uint32_t page : message_leaves_) scan_.ReadLeaf(page, take);
  for (auto& [key, conversation] : conversations_) Finish(conversation);
  MarkAllForRefresh(fresh_);
  if (info_ && info_->initial_sync_done) fresh_.Execute(kInitialSyncDone);
  report_.damaged_pages = scan_.damaged_pages();
  return report_;
}

void CacheSalvage::WriteConversations() {
  for (auto entry = conversations_.begin(); entry != conversations_.end();) {
    Conversation& conversation = entry->second;
    if (FindConversation(fresh_, conversation.row.id)) {
      // An orphaned page knew it under a key of long ago.
      entry = conversations_.erase(entry);
      continue;
    }
    conversation.fresh_key = InsertConversation(fresh_, conversation.row);
    conversation.row.key = conversation.fresh_key;
    ++report_.conversations;
    ++entry;
  }
}

void CacheSalvage::TakeMessage(const FoundRow& row) {
  if (!IsMessage(row)) return;
  const auto found = conversations_.find(ConversationKeyOf(row));
  if (found == conversations_.end()) return;
  const Conversation& conversation = found->second;
  const auto message = AsMessage(row, conversation.row.id, fresh_);
  if (!message) return;
  if (InsertMessage(fresh_, conversation.fresh_key, *message)) {
    ++report_.messages;
    return;
  }
  const auto known = FindMessagePlace(fresh_, message->id);
  if (known && known->conversation == conversation.fresh_key && known->revision < message->revision)
    UpdateMessage(fresh_, known->key, *message);
}

// The gaps are what is not there; the counts and the place in the list follow from the rows as far
// as they can.
void CacheSalvage::Finish(Conversation& conversation) {
  ConversationRow row = conversation.row;
  std::vector<GapRange> missing;
  std::uint64_t rows = 0;
  Sequence next = 1;
  {
    Query query(fresh_.statements(), kSequences);
    query.Int(row.key);
    while (query.Next()) {
      const Sequence sequence = query.GetUint(0);
      if (sequence > next) missing.push_back({next, sequence - 1, GapReason::kNotFetched});
      next = std::max(next, sequence + 1);
      ++rows;
    }
  }
  row.last_sequence = std::max(row.last_sequence, next - 1);
  if (next <= row.last_sequence)
    missing.push_back({next, row.last_sequence, GapReason::kNotFetched});
  GapSet gaps(std::move(missing));
  for (const GapRange& old : conversation.gaps)
    gaps.ChangeReason(old.from, old.to, GapReason::kNotFetched, old.reason);
  row.row_count = rows;
  row.read_sequence = std::min(row.read_sequence, row.last_sequence);
  row.gap_count = gaps.ranges().size();
  SaveGaps(fresh_, row.key, GapSet(), gaps);
  UpdateConversation(fresh_, conversation.row, row);
  ConversationState(row, std::move(gaps), true).Save(fresh_, std::nullopt);
}

}  // namespace

Result<SalvageReport> SalvageCache(const DamagedFile& damaged, const fs::path& fresh,
                                   const std::string& store_id) {
  auto report = Catching([&]() -> Result<SalvageReport> {
    auto made = MakeNewFile(fresh, damaged.key, CacheMigrations(), store_id);
    if (!made) return tl::unexpected<Error>(std::move(made.error()));
    const PageSource pages = damaged.Pages(damaged.part);
    SalvageReport written;
    if (pages.proven()) {
      Connection connection(fresh, damaged.key, Access::kCreate, Durability::kFetchable);
      CacheSalvage salvage(pages, damaged.noted.roots, connection);
      if (salvage.Collect(store_id)) {
        connection.Execute("BEGIN EXCLUSIVE");
        written = salvage.Write();
        LeaveToIndex(connection);
        connection.Execute("COMMIT");
      }
    }
    if (auto read = CheckReading(damaged, pages); !read)
      return tl::unexpected<Error>(std::move(read.error()));
    return written;
  });
  if (!report) RemoveNewFile(fresh);
  return report;
}

Result<void> CheckReading(const DamagedFile& damaged, const PageSource& pages) {
  if (ReadingWorked(pages.reading(), damaged.noted, damaged.now)) return {};
  return Fail(ErrorCode::kResourceExhausted, damaged.file.filename().string() +
                                                 " is damaged, and cannot be read at present; "
                                                 "nothing was touched");
}

Result<std::optional<SalvagedInfo>> SalvageInfo(const DamagedFile& damaged, bool is_cache) {
  const PageSource pages = damaged.Pages(damaged.part);
  std::optional<SalvagedInfo> info;
  if (pages.proven()) {
    SalvageScan scan(pages, damaged.noted.roots);
    scan.Walk("store_info", [&](const FoundRow& row) {
      const Record& v = row.values;
      if (row.rowid != 1 || v.size() < 3 || !v[1].is(RecordValue::Kind::kText)) return;
      info = SalvagedInfo{v[1].bytes, 0};
      if (!is_cache && v[2].is(RecordValue::Kind::kInteger))
        info->generation = static_cast<std::uint32_t>(v[2].integer);
    });
  }
  if (auto read = CheckReading(damaged, pages); !read)
    return tl::unexpected<Error>(std::move(read.error()));
  return info;
}

}  // namespace hark::store
