// The reading half of Archive; the writing half is in archive.cc.

#include <charconv>

#include "tools/backend/archive.h"
#include "tools/backend/sqlite_errors.h"

namespace hark::backend {
namespace {

// A page token is "<microseconds>:<number>" of the last conversation of the page before. It names a
// place in the order and not a count, so conversations that move to the top while a client lists do
// not make it miss others.
std::string MakePageToken(const ConversationRow& last) {
  return std::to_string(last.last_activity_at.time_since_epoch().count()) + ":" +
         std::to_string(last.key);
}

std::optional<ListPosition> ParsePageToken(const std::string& token) {
  const std::size_t colon = token.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const char* const middle = token.data() + colon;
  const char* const end = token.data() + token.size();
  std::int64_t micros = 0;
  ListPosition position;
  const auto first = std::from_chars(token.data(), middle, micros);
  const auto second = std::from_chars(middle + 1, end, position.key);
  if (first.ec != std::errc() || first.ptr != middle) return std::nullopt;
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  position.last_activity_at = TimePoint(std::chrono::microseconds(micros));
  return position;
}

}  // namespace

Result<ListPage> Archive::ListConversations(const UserId& user, const std::string& page_token,
                                            std::uint32_t page_size) {
  return Guarded([&]() -> Result<ListPage> {
    std::optional<ListPosition> after;
    if (!page_token.empty()) {
      after = ParsePageToken(page_token);
      if (!after) return Fail(ErrorCode::kInvalid, "the page token is not one of this backend");
    }
    const AccountKey account = accounts_.FindOrCreate(user);
    // One more than asked tells whether there is another page.
    auto rows = conversations_.List(account, after, page_size + 1);
    ListPage page;
    if (rows.size() > page_size) {
      rows.pop_back();
      page.next_page_token = MakePageToken(rows.back());
    }
    page.conversations.reserve(rows.size());
    for (const ConversationRow& row : rows) page.conversations.push_back(row.ToWire());
    page.total_count = accounts_.TotalConversations(account);
    page.total_messages = accounts_.TotalMessages(account);
    return page;
  });
}

Result<ConversationRow> Archive::FindConversation(const UserId& user, const std::string& id) {
  return Guarded([&]() -> Result<ConversationRow> {
    auto row = conversations_.Find(accounts_.FindOrCreate(user), id);
    if (!row) return Fail(ErrorCode::kNotFound, "no such conversation");
    return std::move(*row);
  });
}

Result<std::uint64_t> Archive::SequenceOf(const UserId& user, ConversationKey conversation,
                                          const std::string& message_id) {
  return Guarded([&]() -> Result<std::uint64_t> {
    const auto row = messages_.FindById(accounts_.FindOrCreate(user), message_id);
    if (!row || row->conversation != conversation) {
      return Fail(ErrorCode::kNotFound, "no such message");
    }
    return row->message.sequence();
  });
}

Result<std::vector<Message>> Archive::ReadRange(ConversationKey conversation, std::uint64_t from,
                                                std::uint64_t to) {
  return Guarded([&]() -> Result<std::vector<Message>> {
    std::vector<Message> messages;
    messages_.ReadRange(conversation, from, to, &messages);
    return messages;
  });
}

Result<std::uint64_t> Archive::NthVisibleBefore(ConversationKey conversation, std::uint64_t before,
                                                std::uint64_t skip) {
  return Guarded([&]() -> Result<std::uint64_t> {
    return messages_.NthVisibleBefore(conversation, before, skip);
  });
}

Result<void> Archive::ForEachAcceptedAfter(TimePoint cutoff,
                                           const std::function<void(MessageRow)>& visit) {
  return Guarded([&]() -> Result<void> {
    messages_.ForEachAcceptedAfter(cutoff, visit);
    return {};
  });
}

}  // namespace hark::backend
