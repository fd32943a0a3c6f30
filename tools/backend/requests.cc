#include "tools/backend/requests.h"

#include <algorithm>
#include <utility>

#include "tools/backend/limits.h"
#include "tools/backend/validation.h"

namespace hark::backend {
namespace {

Result<std::uint32_t> CheckPageSize(std::uint32_t asked) {
  if (asked > kMaxPageSize) {
    return Fail(ErrorCode::kTooLarge, "page_size is over the limit of 200");
  }
  return asked == 0 ? kDefaultPageSize : asked;
}

Result<void> CheckAppend(const wire::Append& request) {
  const wire::Role role = request.message().role();
  if (role == wire::ROLE_ASSISTANT) {
    return Fail(ErrorCode::kPermission, "a client cannot speak as the assistant");
  }
  // A number that is not known here is read as none.
  if (role != wire::ROLE_USER && role != wire::ROLE_SYSTEM) {
    return Fail(ErrorCode::kInvalid, "the message has no role");
  }
  return CheckMessage(request.message());
}

HistoryQuery ToQuery(const wire::GetHistory& request, std::uint32_t page_size) {
  HistoryQuery query;
  query.conversation_id = request.conversation_id();
  query.page_size = page_size;
  switch (request.anchor_case()) {
    case wire::GetHistory::kBeforeMessageId:
      query.anchor = HistoryQuery::Anchor::kBeforeMessage;
      query.message_id = request.before_message_id();
      break;
    case wire::GetHistory::kBeforeSequence:
      query.anchor = HistoryQuery::Anchor::kBeforeSequence;
      query.sequence = request.before_sequence();
      break;
    case wire::GetHistory::kAfterSequence:
      query.anchor = HistoryQuery::Anchor::kAfterSequence;
      query.sequence = request.after_sequence();
      break;
    case wire::GetHistory::ANCHOR_NOT_SET: break;
  }
  return query;
}

void Fill(wire::History& history, const wire::GetHistory& request, HistoryPage page) {
  history.set_conversation_id(request.conversation_id());
  history.mutable_messages()->Reserve(static_cast<int>(page.messages.size()));
  for (Message& message : page.messages) *history.add_messages() = std::move(message);
  history.set_from_sequence(page.from_sequence);
  history.set_to_sequence(page.to_sequence);
  history.set_has_more(page.has_more);
  history.set_total_count(page.total_count);
}

// For what is not the backend's fault, and so concerns only one of several pages.
bool IsOfTheAsk(ErrorCode code) {
  return code == ErrorCode::kNotFound || code == ErrorCode::kInvalid ||
         code == ErrorCode::kTooLarge;
}

}  // namespace

Answer Requests::Refuse(std::uint64_t request_id, const Error& error) const {
  Answer answer;
  answer.frame = writer_.Encode(MakeRefusal(request_id, error)).value_or(std::string());
  return answer;
}

Answer Requests::Encode(std::uint64_t request_id, const wire::ServerFrame& frame) const {
  auto bytes = writer_.Encode(frame);
  if (!bytes) {
    return Refuse(request_id,
                  {ErrorCode::kTooLarge, "the answer is over the client's frame limit"});
  }
  Answer answer;
  answer.frame = std::move(*bytes);
  return answer;
}

Answer Requests::Acknowledge(std::uint64_t request_id, const Applied& applied) const {
  wire::ServerFrame frame;
  wire::Ack& ack = *frame.mutable_ack();
  ack.set_request_id(request_id);
  ack.set_message_id(applied.message_id);
  ack.set_sequence(applied.sequence);
  ack.set_revision(applied.revision);
  Answer answer = Encode(request_id, frame);
  answer.log_grown = applied.changed;
  return answer;
}

Result<void> Requests::CheckPolicy(const std::string& content) const {
  if (refused_prefix_.empty() || !content.starts_with(refused_prefix_)) return {};
  return Fail(ErrorCode::kPermission, "this backend does not accept such messages");
}

template <typename Make>
Answer Requests::MakeFit(std::uint64_t request_id, std::uint32_t size, Make make) const {
  for (;; size /= 2) {
    const Result<wire::ServerFrame> frame = make(size);
    if (!frame) return Refuse(request_id, frame.error());
    if (auto bytes = writer_.Encode(*frame)) return Answer{std::move(*bytes), false, std::nullopt};
    if (size <= 1) return Encode(request_id, *frame);
  }
}

Answer Requests::List(const UserId& user, const wire::ListConversations& request) {
  auto page_size = CheckPageSize(request.page_size());
  if (!page_size) return Refuse(request.request_id(), page_size.error());
  return MakeFit(request.request_id(), *page_size,
                 [&](std::uint32_t size) -> Result<wire::ServerFrame> {
                   auto page = store_.ListConversations(user, request.page_token(), size);
                   if (!page) return tl::unexpected(page.error());
                   wire::ServerFrame frame;
                   wire::ConversationPage& answer = *frame.mutable_conversation_page();
                   answer.set_request_id(request.request_id());
                   for (Conversation& conversation : page->conversations) {
                     *answer.add_conversations() = std::move(conversation);
                   }
                   answer.set_next_page_token(page->next_page_token);
                   answer.set_total_count(page->total_count);
                   answer.set_total_messages(page->total_messages);
                   return frame;
                 });
}

Answer Requests::History(const UserId& user, const wire::GetHistory& request) {
  auto page_size = CheckPageSize(request.page_size());
  if (!page_size) return Refuse(request.request_id(), page_size.error());
  // What is left out is on the side that `has_more` speaks of.
  return MakeFit(request.request_id(), *page_size,
                 [&](std::uint32_t size) -> Result<wire::ServerFrame> {
                   auto page = store_.ReadHistory(user, ToQuery(request, size));
                   if (!page) return tl::unexpected(page.error());
                   wire::ServerFrame frame;
                   frame.mutable_history()->set_request_id(request.request_id());
                   Fill(*frame.mutable_history(), request, *std::move(page));
                   return frame;
                 });
}

Result<wire::ServerFrame> Requests::ReadPages(const UserId& user, const wire::GetHistories& request,
                                              std::uint32_t most) {
  wire::ServerFrame frame;
  wire::Histories& answer = *frame.mutable_histories();
  answer.set_request_id(request.request_id());
  std::size_t messages = 0;
  for (const wire::GetHistory& ask : request.asks()) {
    if (answer.pages_size() == static_cast<int>(kMaxPageSize)) break;
    const auto size = CheckPageSize(ask.page_size());
    auto page = size ? store_.ReadHistory(user, ToQuery(ask, std::min(*size, most)))
                     : Result<HistoryPage>(tl::unexpected(size.error()));
    if (!page && !IsOfTheAsk(page.error().code)) return tl::unexpected(page.error());
    messages += page ? page->messages.size() : 0;
    if (messages > most && answer.pages_size() > 0) break;
    wire::History& history = *answer.add_pages();
    if (page) {
      Fill(history, ask, *std::move(page));
    } else {
      history.set_conversation_id(ask.conversation_id());
      history.set_has_more(true);  // Settles nothing.
    }
  }
  return frame;
}

Answer Requests::Histories(const UserId& user, const wire::GetHistories& request) {
  const std::uint64_t id = request.request_id();
  if (request.asks().empty()) return Refuse(id, {ErrorCode::kInvalid, "nothing is asked for"});
  return MakeFit(id, kMaxPageSize,
                 [&](std::uint32_t most) { return ReadPages(user, request, most); });
}

Answer Requests::Append(const UserId& user, const wire::Append& request) {
  if (auto good = CheckAppend(request); !good) return Refuse(request.request_id(), good.error());
  if (auto good = CheckPolicy(request.message().content()); !good) {
    return Refuse(request.request_id(), good.error());
  }
  auto applied = store_.Append(user, request.message());
  if (!applied) return Refuse(request.request_id(), applied.error());
  Answer answer = Acknowledge(request.request_id(), *applied);
  if (applied->changed && request.message().role() == wire::ROLE_USER) {
    answer.appended = request.message();
  }
  return answer;
}

Answer Requests::Edit(const UserId& user, const wire::Edit& request) {
  if (auto good = CheckContent(request.content()); !good) {
    return Refuse(request.request_id(), good.error());
  }
  if (auto good = CheckPolicy(request.content()); !good) {
    return Refuse(request.request_id(), good.error());
  }
  if (request.base_revision() == 0 || request.base_revision() > kHighestBase) {
    return Refuse(request.request_id(),
                  {ErrorCode::kInvalid, "base_revision is missing or out of range"});
  }
  if (request.has_edited_at() && !IsValidTimestamp(request.edited_at())) {
    return Refuse(request.request_id(),
                  {ErrorCode::kInvalid, "edited_at is outside the years 1 to 9999"});
  }
  EditRequest edit;
  edit.conversation_id = request.conversation_id();
  edit.message_id = request.message_id();
  edit.base_revision = request.base_revision();
  edit.content = request.content();
  edit.edited_at = request.has_edited_at() ? FromTimestamp(request.edited_at()) : clock_.Now();
  auto applied = store_.Edit(user, edit);
  if (!applied) return Refuse(request.request_id(), applied.error());
  return Acknowledge(request.request_id(), *applied);
}

Answer Requests::Delete(const UserId& user, const wire::Delete& request) {
  if (request.base_revision() > kHighestBase) {
    return Refuse(request.request_id(), {ErrorCode::kInvalid, "base_revision is out of range"});
  }
  auto applied = store_.Delete(
      user, {request.conversation_id(), request.message_id(), request.base_revision()});
  if (!applied) return Refuse(request.request_id(), applied.error());
  return Acknowledge(request.request_id(), *applied);
}

Answer Requests::MarkRead(const UserId& user, const wire::MarkRead& request) {
  auto moved = store_.MarkRead(user, request.conversation_id(), request.read_sequence());
  if (!moved) return Refuse(request.request_id(), moved.error());
  Applied applied;
  applied.changed = *moved;
  return Acknowledge(request.request_id(), applied);
}

}  // namespace hark::backend
