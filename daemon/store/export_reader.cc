#include "daemon/store/export_reader.h"

#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/columns.h"
#include "daemon/store/message_rows.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

#define HARK_EXPORTED                                                               \
  "SELECT key, id, title, last_activity_at, preview, unread_count, read_sequence, " \
  "last_sequence, message_count, gap_count = 0 AND row_count = last_sequence FROM conversations"
constexpr char kEach[] = HARK_EXPORTED " ORDER BY listed_at, id";
constexpr char kOne[] = HARK_EXPORTED " WHERE id = ?";
constexpr char kTotals[] = "SELECT count(*), coalesce(sum(row_count), 0) FROM conversations";
constexpr char kTotalsOfOne[] =
    "SELECT count(*), coalesce(sum(row_count), 0) FROM conversations WHERE id = ?";

Conversation ReadConversation(const Query& query) {
  Conversation conversation;
  conversation.id = ConversationId(query.GetText(1));
  conversation.title = query.GetText(2);
  conversation.last_activity_at = GetTime(query, 3);
  conversation.preview = query.GetText(4);
  conversation.unread_count = query.GetUint(5);
  conversation.read_sequence = query.GetUint(6);
  conversation.last_sequence = query.GetUint(7);
  conversation.message_count = query.GetUint(8);
  conversation.complete = query.GetBool(9);
  return conversation;
}

std::size_t BytesOf(const Message& message) {
  constexpr std::size_t kRest = 512;  // Ids, times, numbers.
  return message.content.size() + kRest + (message.metadata.empty() ? 0 : limits::kMetadataBytes);
}

}  // namespace

ExportReader::ExportReader(CopyFolder folder, const Secret& key,
                           std::optional<ConversationId> conversation)
    : folder_(std::move(folder)),
      connection_(folder_.path() / "cache.db", key, Access::kProbe, Durability::kFetchable),
      only_(std::move(conversation)) {}

ExportReader::~ExportReader() = default;

Result<std::unique_ptr<ExportReader>> ExportReader::Open(
    CopyFolder folder, const Secret& key, std::optional<ConversationId> conversation) {
  std::unique_ptr<ExportReader> reader(
      new ExportReader(std::move(folder), key, std::move(conversation)));
  StatementCache& statements = reader->connection_.statements();
  Query totals(statements, reader->only_ ? kTotalsOfOne : kTotals);
  Query& each = reader->conversations_.emplace(statements, reader->only_ ? kOne : kEach);
  if (reader->only_) {
    totals.Text(reader->only_->value());
    each.Text(reader->only_->value());
  }
  if (totals.Next()) reader->totals_ = {totals.GetUint(0), totals.GetUint(1)};
  if (reader->only_ && reader->totals_.conversations == 0)
    return Fail(ErrorCode::kNotFound, "no such conversation");
  return reader;
}

Result<std::optional<ExportPart>> ExportReader::Next() {
  return Catching([this]() -> Result<std::optional<ExportPart>> { return NextPart(); });
}

std::optional<ExportPart> ExportReader::NextPart() {
  if (messages_) {
    ExportPart part{std::nullopt, NextMessages()};
    if (!part.messages.empty()) return part;
  }
  return NextConversation();
}

std::optional<ExportPart> ExportReader::NextConversation() {
  if (!conversations_->Next()) return std::nullopt;
  ExportPart part{ReadConversation(*conversations_), {}};
  conversation_ = part.conversation->id;
  const std::int64_t key = conversations_->GetInt(0);
  messages_.reset();
  const PlaceBound first{0, 0};
  messages_.emplace(connection_.statements(), kMessagesForward)
      .Int(key)
      .Uint(first.sequence)
      .Uint(PlaceBound::kNoBound)
      .Uint(first.sequence)
      .Int(first.key);
  has_message_ = messages_->Next();
  return part;
}

std::vector<Message> ExportReader::NextMessages() {
  std::vector<Message> messages;
  std::size_t bytes = 0;
  while (has_message_) {
    Message message = ReadMessageRow(*messages_, conversation_);
    bytes += BytesOf(message);
    if (!messages.empty() && bytes > limits::kExportPartBytes) return messages;
    messages.push_back(std::move(message));
    has_message_ = messages_->Next();
  }
  messages_.reset();
  return messages;
}

}  // namespace hark::store
