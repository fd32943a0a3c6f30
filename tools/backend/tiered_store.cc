#include "tools/backend/tiered_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "tools/backend/limits.h"

namespace hark::backend {
namespace {

tl::unexpected<Error> Pass(Error& error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace

TieredStore::TieredStore(std::unique_ptr<Archive> archive, std::unique_ptr<WorkingMemory> memory,
                         const Clock& clock)
    : archive_(std::move(archive)), memory_(std::move(memory)), clock_(clock) {}

Result<std::unique_ptr<TieredStore>> TieredStore::Open(std::unique_ptr<Archive> archive,
                                                       std::unique_ptr<WorkingMemory> memory,
                                                       const Clock& clock) {
  std::unique_ptr<TieredStore> store(new TieredStore(std::move(archive), std::move(memory), clock));
  if (auto filled = store->Fill(); !filled) return Pass(filled.error());
  return store;
}

Result<void> TieredStore::Fill() {
  constexpr std::size_t kBatch = 1'000;
  std::vector<MessageRow> batch;
  auto read =
      archive_->ForEachAcceptedAfter(clock_.Now() - kWorkingMemorySpan, [&](MessageRow row) {
        batch.push_back(std::move(row));
        if (batch.size() < kBatch) return;
        memory_->Add(batch);
        batch.clear();
      });
  memory_->Add(batch);
  return read;
}

void TieredStore::Sweep() {
  memory_->Expire(clock_.Now() - kWorkingMemorySpan);
}

Result<LogState> TieredStore::GetLog(const UserId& user) {
  return archive_->GetLog(user);
}

Result<std::vector<LogEntry>> TieredStore::ReadLog(const UserId& user, std::uint64_t after,
                                                   std::size_t limit) {
  return archive_->ReadLog(user, after, limit);
}

Result<ListPage> TieredStore::ListConversations(const UserId& user, const std::string& page_token,
                                                std::uint32_t page_size) {
  return archive_->ListConversations(user, page_token, page_size);
}

Result<Conversation> TieredStore::GetConversation(const UserId& user,
                                                  const std::string& conversation_id) {
  auto row = archive_->FindConversation(user, conversation_id);
  if (!row) return Pass(row.error());
  return row->ToWire();
}

Result<Message> TieredStore::GetMessage(const UserId& user, const std::string& conversation_id,
                                        std::uint64_t sequence) {
  auto row = archive_->FindConversation(user, conversation_id);
  if (!row) return Pass(row.error());
  auto messages = ReadRange(row->key, sequence, sequence);
  if (!messages) return Pass(messages.error());
  if (messages->empty()) return Fail(ErrorCode::kNotFound, "no such message");
  return std::move(messages->front());
}

Result<std::vector<Message>> TieredStore::ReadRange(ConversationKey conversation,
                                                    std::uint64_t from, std::uint64_t to) {
  std::vector<Message> recent;
  std::uint64_t archived_to = to;
  const auto first = memory_->FirstSequence(conversation);
  if (first && *first <= to && memory_->Read(conversation, std::max(from, *first), to, &recent)) {
    if (*first <= from) return recent;
    archived_to = *first - 1;
  }
  auto messages = archive_->ReadRange(conversation, from, archived_to);
  if (!messages) return messages;
  std::move(recent.begin(), recent.end(), std::back_inserter(*messages));
  return messages;
}

Result<HistoryPage> TieredStore::ReadHistory(const UserId& user, const HistoryQuery& query) {
  auto conversation = archive_->FindConversation(user, query.conversation_id);
  if (!conversation) return Pass(conversation.error());
  const std::uint64_t last = conversation->last_sequence;
  const std::uint64_t size = query.page_size;
  HistoryPage page;
  page.total_count = conversation->message_count;

  // Sequences are dense, so a page is arithmetic: everything below `end`, or everything above the
  // anchor.
  std::uint64_t end = last + 1;
  switch (query.anchor) {
    case HistoryQuery::Anchor::kNewest: break;
    case HistoryQuery::Anchor::kBeforeMessage: {
      auto sequence = archive_->SequenceOf(user, conversation->key, query.message_id);
      if (!sequence) return Pass(sequence.error());
      end = *sequence;
      break;
    }
    case HistoryQuery::Anchor::kBeforeSequence: end = std::min(query.sequence, end); break;
    case HistoryQuery::Anchor::kAfterSequence: {
      if (query.sequence >= last) return page;
      page.from_sequence = query.sequence + 1;
      page.to_sequence = query.sequence + std::min(size, last - query.sequence);
      page.has_more = page.to_sequence < last;
      break;
    }
  }
  if (query.anchor != HistoryQuery::Anchor::kAfterSequence) {
    if (end <= 1) return page;
    page.to_sequence = end - 1;
    page.from_sequence = end - std::min(size, end - 1);
    page.has_more = page.from_sequence > 1;
  }
  auto messages = ReadRange(conversation->key, page.from_sequence, page.to_sequence);
  if (!messages) return Pass(messages.error());
  page.messages = std::move(*messages);
  return page;
}

Result<std::vector<Message>> TieredStore::CollectVisible(const ConversationRow& conversation,
                                                         std::uint64_t top, std::size_t wanted) {
  std::vector<Message> newest_first;
  std::uint64_t end = top + 1;
  while (end > 1 && newest_first.size() < wanted) {
    const std::uint64_t from = end - std::min<std::uint64_t>(kMaxPageSize, end - 1);
    auto block = ReadRange(conversation.key, from, end - 1);
    if (!block) return block;
    for (auto it = block->rbegin(); it != block->rend() && newest_first.size() < wanted; ++it) {
      if (!it->deleted()) newest_first.push_back(std::move(*it));
    }
    end = from;
  }
  return newest_first;
}

Result<VisiblePage> TieredStore::ReadVisible(const UserId& user, const VisibleQuery& query) {
  auto conversation = archive_->FindConversation(user, query.conversation_id);
  if (!conversation) return Pass(conversation.error());
  VisiblePage page;
  page.total_count = conversation->message_count;
  std::uint64_t end = conversation->last_sequence + 1;
  if (!query.before_message_id.empty()) {
    auto sequence = archive_->SequenceOf(user, conversation->key, query.before_message_id);
    if (!sequence) return Pass(sequence.error());
    end = *sequence;
  }
  // No conversation is that long; and the product below stays in range.
  if (query.page - 1 > conversation->last_sequence) return page;
  const std::uint64_t skip = (query.page - 1) * query.page_size;
  std::uint64_t top = 0;
  if (conversation->message_count == conversation->last_sequence) {
    top = end - 1 > skip ? end - 1 - skip : 0;
  } else {
    // Tombstones do not count for pages, so only the archive knows where the page begins.
    auto found = archive_->NthVisibleBefore(conversation->key, end, skip);
    if (!found) return Pass(found.error());
    top = *found;
  }
  auto messages = CollectVisible(*conversation, top, query.page_size + std::size_t{1});
  if (!messages) return Pass(messages.error());
  page.has_more = messages->size() > query.page_size;
  if (page.has_more) messages->pop_back();
  std::reverse(messages->begin(), messages->end());
  page.messages = std::move(*messages);
  return page;
}

Result<Applied> TieredStore::Append(const UserId& user, const Message& message) {
  auto written = archive_->Append(user, message);
  if (!written) return Pass(written.error());
  if (written->row) memory_->Add({std::move(*written->row)});
  return std::move(written->applied);
}

Result<Applied> TieredStore::Edit(const UserId& user, const EditRequest& request) {
  auto written = archive_->Edit(user, request);
  if (!written) return Pass(written.error());
  if (written->row) memory_->Update(*written->row);
  return std::move(written->applied);
}

Result<Applied> TieredStore::Delete(const UserId& user, const DeleteRequest& request) {
  auto written = archive_->Delete(user, request);
  if (!written) return Pass(written.error());
  if (written->row) memory_->Update(*written->row);
  return std::move(written->applied);
}

Result<bool> TieredStore::MarkRead(const UserId& user, const std::string& conversation_id,
                                   std::uint64_t read_sequence) {
  return archive_->MarkRead(user, conversation_id, read_sequence);
}

}  // namespace hark::backend
