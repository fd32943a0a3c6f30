#include "tests/contract/store_contract.h"

#include <cstdio>

#include "tests/support/store_calls.h"

namespace hark::store {
namespace {

std::optional<MessageId> AsId(std::optional<std::string> id) {
  if (!id) return std::nullopt;
  return MessageId(*std::move(id));
}

}  // namespace

StoreContract::StoreContract() {
  store_ = GetParam()(clock_, [this](std::shared_ptr<const Commit> commit) {
    const std::lock_guard lock(mutex_);
    commits_.push_back(std::move(commit));
  });
}

StoreContract::~StoreContract() = default;

Result<LocalRevision> StoreContract::Apply(std::vector<Operation> operations,
                                           std::uint64_t series) {
  return ApplyNow(writer(), {std::move(operations), series});
}

void StoreContract::Do(Operation operation) {
  const auto result = Apply({std::move(operation)});
  ASSERT_TRUE(result) << result.error().message;
}

// A send is answered before it is announced: what is answered after it, after that.
Result<Message> StoreContract::Send(Message message) {
  auto sent = SendNow(writer(), std::move(message));
  (void)Apply({});
  return sent;
}

Result<Message> StoreContract::SendSoon(Message message) {
  auto sent = WaitFor<Message>(
      [&](auto done) { writer().EnqueueSend({std::move(message), true}, std::move(done)); });
  (void)Apply({});
  return sent;
}

Result<Conversation> StoreContract::MarkRead(const std::string& conversation,
                                             std::optional<std::string> up_to) {
  return WaitFor<Conversation>([&](auto done) {
    writer().MarkRead({ConversationId(conversation), AsId(std::move(up_to))}, std::move(done));
  });
}

Result<LocalRevision> StoreContract::Open(const std::string& conversation, WallTime at) {
  return WaitFor<LocalRevision>(
      [&](auto done) { writer().RecordOpen(ConversationId(conversation), at, std::move(done)); });
}

MessagePage StoreContract::Page(const std::string& conversation, std::optional<std::string> before,
                                std::uint32_t limit) {
  auto page = reader().ReadPage({ConversationId(conversation), AsId(std::move(before)), limit});
  EXPECT_TRUE(page) << page.error().message;
  return page ? *std::move(page) : MessagePage();
}

std::vector<std::string> StoreContract::PageIds(const std::string& conversation,
                                                std::optional<std::string> before,
                                                std::uint32_t limit) {
  std::vector<std::string> ids;
  for (const Message& message : Page(conversation, std::move(before), limit).messages) {
    ids.push_back(message.id.value());
  }
  return ids;
}

MessagePage StoreContract::PageAfter(const std::string& conversation, const std::string& anchor,
                                     std::uint32_t limit) {
  auto page =
      reader().ReadPage({ConversationId(conversation), MessageId(anchor), limit, PageSide::kAfter});
  EXPECT_TRUE(page) << page.error().message;
  return page ? *std::move(page) : MessagePage();
}

MessagePage StoreContract::PageAround(const std::string& conversation, const std::string& anchor,
                                      std::uint32_t limit) {
  auto page = reader().ReadPage(
      {ConversationId(conversation), MessageId(anchor), limit, PageSide::kAround});
  EXPECT_TRUE(page) << page.error().message;
  return page ? *std::move(page) : MessagePage();
}

Conversation StoreContract::Get(const std::string& conversation) {
  auto found = reader().GetConversation(ConversationId(conversation));
  EXPECT_TRUE(found) << found.error().message;
  return found ? *std::move(found) : Conversation();
}

std::vector<std::string> StoreContract::ListIds() {
  std::vector<std::string> ids;
  ConversationQuery query;
  query.limit = 2;  // Small, so that paging is always part of it.
  for (;;) {
    const auto page = reader().ListConversations(query);
    EXPECT_TRUE(page) << page.error().message;
    if (!page) return ids;
    for (const Conversation& conversation : page->conversations)
      ids.push_back(conversation.id.value());
    if (!page->next) return ids;
    query.after = page->next;
  }
}

FetchPlan StoreContract::Plan(std::vector<std::string> active, std::uint32_t limit) {
  std::vector<ConversationId> ids;
  for (std::string& id : active) ids.emplace_back(std::move(id));
  auto plan = reader().PlanFetches(ids, limit);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? *std::move(plan) : FetchPlan();
}

std::vector<Delivery> StoreContract::Deliveries() {
  std::vector<Delivery> deliveries;
  for (const OutboxEntry& entry : Outbox()) deliveries.push_back(entry.delivery);
  return deliveries;
}

std::vector<OutboxEntry> StoreContract::Outbox() {
  auto state = reader().ReadOutbox();
  EXPECT_TRUE(state) << state.error().message;
  return state ? std::move(state->entries) : std::vector<OutboxEntry>();
}

std::uint64_t StoreContract::PositionOf(int number) {
  for (const OutboxEntry& entry : Outbox()) {
    if (entry.kind == OutboxKind::kSend && entry.message.value() == UuidOf(number))
      return entry.position;
  }
  return 0;
}

OutboxEntry StoreContract::ChangeOf(const std::string& message) {
  OutboxEntry last;
  for (const OutboxEntry& entry : Outbox()) {
    const bool changes = entry.kind == OutboxKind::kEdit || entry.kind == OutboxKind::kDelete;
    if (changes && entry.message.value() == message) last = entry;
  }
  return last;
}

Result<Message> StoreContract::Act(
    const std::string& conversation, const std::string& message,
    std::variant<EditMessage, DeleteMessage, RetryMessage, SkipMessage, CancelMessage> what) {
  return ActNow(writer(), {ConversationId(conversation), MessageId(message), std::move(what)});
}

std::vector<std::shared_ptr<const Commit>> StoreContract::TakeCommits() {
  const std::lock_guard lock(mutex_);
  return std::exchange(commits_, {});
}

std::string IdOf(const std::string& conversation, Sequence sequence) {
  return conversation + "/" + std::to_string(sequence);
}

WallTime TimeOf(Sequence sequence) {
  return WallTime(std::chrono::hours(24 * 365 * 40)) +
         std::chrono::minutes(static_cast<std::int64_t>(sequence));
}

Message BackendMessage(const std::string& conversation, Sequence sequence, std::uint64_t revision) {
  Message message;
  message.id = MessageId(IdOf(conversation, sequence));
  message.conversation = ConversationId(conversation);
  message.role = sequence % 2 == 0 ? Role::kAssistant : Role::kUser;
  message.content = "text " + std::to_string(sequence) + " of " + conversation;
  message.created_at = TimeOf(sequence);
  message.sequence = sequence;
  message.revision = revision;
  message.server_id = message.id.value();
  if (revision > 1) {
    message.content += ", revision " + std::to_string(revision);
    message.edited_at = TimeOf(sequence) + std::chrono::hours(1);
  }
  return message;
}

Message Tombstone(Message message) {
  message.deleted = true;
  message.content.clear();
  return message;
}

ConversationSummary Summary(const std::string& conversation, Sequence last, Sequence read) {
  ConversationSummary summary;
  summary.id = ConversationId(conversation);
  summary.title = "Title of " + conversation;
  summary.last_sequence = last;
  summary.message_count = last;
  summary.read_sequence = read;
  summary.unread_count = last / 2 - read / 2;
  summary.last_activity_at = TimeOf(last);
  summary.preview = last == 0 ? "" : "text " + std::to_string(last) + " of " + conversation;
  return summary;
}

ApplySummary SummaryOf(const std::string& conversation, Sequence last, GapReason reason,
                       Sequence read) {
  return {Summary(conversation, last, read), reason};
}

ApplyHistory HistoryOf(const std::string& conversation, Sequence from, Sequence to) {
  ApplyHistory page;
  page.conversation = ConversationId(conversation);
  for (Sequence sequence = from; sequence <= to; ++sequence) {
    page.messages.push_back(BackendMessage(conversation, sequence));
  }
  page.from = from;
  page.to = to;
  page.asked_from = from;
  page.asked_to = to;
  return page;
}

std::string UuidOf(int number) {
  std::string digits = std::to_string(number);
  digits.insert(0, 12 - digits.size(), '0');
  return "01890000-0000-7000-8000-" + digits;
}

Message UserMessage(const std::string& conversation, int number, const std::string& content) {
  Message message;
  message.id = MessageId(UuidOf(number));
  message.conversation = ConversationId(conversation);
  message.role = Role::kUser;
  message.content = content;
  message.created_at = TimeOf(100'000 + static_cast<Sequence>(number));
  return message;
}

}  // namespace hark::store
