#include "tests/unit/ipc/fake_accounts.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "daemon/base/uuid.h"

namespace hark::ipc {
namespace {

WallTime At(std::uint64_t seconds) {
  return WallTime(std::chrono::seconds(1'700'000'000 + static_cast<std::int64_t>(seconds)));
}

}  // namespace

FakeAccount::FakeAccount(std::string store_id)
    : store_id_(std::move(store_id)), bus_(std::make_shared<bus::EventBus>()) {}

void FakeAccount::AddConversation(std::string_view id, std::string_view title) {
  const std::lock_guard order(publishing_);
  std::unique_lock lock(mutex_);
  const ConversationId key{std::string(id)};
  Stored& stored = conversations_[key];
  stored.conversation.id = key;
  stored.conversation.title = title;
  stored.conversation.complete = true;
  stored.conversation.last_activity_at = At(conversations_.size());
  Commit commit = NextCommit(stored);
  lock.unlock();
  Publish(std::move(commit));
}

void FakeAccount::AddMessages(std::string_view conversation, std::vector<Message> messages) {
  const std::lock_guard order(publishing_);
  std::unique_lock lock(mutex_);
  Stored& stored = conversations_.at(ConversationId(std::string(conversation)));
  for (Message& message : messages) {
    message.conversation = stored.conversation.id;
    if (message.delivery == Delivery::kSent) {
      message.sequence = ++stored.conversation.last_sequence;
      message.revision = 1;
    }
    stored.messages.push_back(message);
    ++stored.conversation.message_count;
  }
  Commit commit = NextCommit(stored);
  for (Message& message : messages) commit.messages.push_back(std::move(message));
  lock.unlock();
  Publish(std::move(commit));
}

void FakeAccount::SetGapAfter(std::string_view conversation, std::optional<Gap> gap) {
  const std::lock_guard lock(mutex_);
  Stored& stored = conversations_.at(ConversationId(std::string(conversation)));
  stored.gap_after = std::move(gap);
  if (stored.gap_after) stored.gap_after->conversation = stored.conversation.id;
}

void FakeAccount::SetGap(std::string_view conversation, std::optional<Gap> gap) {
  const std::lock_guard order(publishing_);
  std::unique_lock lock(mutex_);
  Stored& stored = conversations_.at(ConversationId(std::string(conversation)));
  stored.gap = std::move(gap);
  if (stored.gap) stored.gap->conversation = stored.conversation.id;
  stored.conversation.complete = !stored.gap;
  Commit commit = NextCommit(stored);
  commit.gaps_changed = {stored.conversation.id};
  lock.unlock();
  Publish(std::move(commit));
}

void FakeAccount::ReplaceMessage(const Message& message) {
  const std::lock_guard order(publishing_);
  std::unique_lock lock(mutex_);
  Stored& stored = conversations_.at(message.conversation);
  *Find(message.conversation, message.id).value() = message;
  Commit commit = NextCommit(stored);
  commit.messages.push_back(message);
  lock.unlock();
  Publish(std::move(commit));
}

Message FakeAccount::SentMessage(std::string_view id, std::string content) {
  Message message;
  message.id = MessageId(std::string(id));
  message.role = Role::kAssistant;
  message.content = std::move(content);
  message.created_at = At(0);
  return message;
}

void FakeAccount::HoldSends() {
  const std::lock_guard lock(mutex_);
  hold_sends_ = true;
}

void FakeAccount::WaitForHeldSend() {
  std::unique_lock lock(mutex_);
  held_changed_.wait(lock, [this] { return !held_.empty(); });
}

void FakeAccount::FinishSends() {
  std::vector<std::function<void()>> held;
  {
    const std::lock_guard lock(mutex_);
    hold_sends_ = false;
    held.swap(held_);
  }
  for (const auto& finish : held) finish();
}

std::vector<Gap> FakeAccount::fetched() const {
  const std::lock_guard lock(mutex_);
  return fetched_;
}

int FakeAccount::sync_nows() const {
  const std::lock_guard lock(mutex_);
  return sync_nows_;
}

std::vector<std::string> FakeAccount::actions() const {
  const std::lock_guard lock(mutex_);
  return actions_;
}

int FakeAccount::page_reads() const {
  const std::lock_guard lock(mutex_);
  return page_reads_;
}

Result<store::MessagePage> FakeAccount::ReadPage(const store::PageQuery& query) {
  const std::lock_guard lock(mutex_);
  ++page_reads_;
  const auto found = conversations_.find(query.conversation);
  if (found == conversations_.end()) return Fail(ErrorCode::kNotFound, "no such conversation");
  const Stored& stored = found->second;
  const auto& all = stored.messages;
  const std::ptrdiff_t limit = query.limit;
  auto begin = all.begin();
  auto end = all.end();
  if (query.anchor) {
    const auto anchor = std::find_if(
        begin, end, [&](const Message& message) { return message.id == *query.anchor; });
    if (anchor == end) return Fail(ErrorCode::kNotFound, "no such message in it");
    if (query.side == store::PageSide::kAfter) begin = anchor + 1;
    if (query.side == store::PageSide::kBefore) end = anchor;
    if (query.side == store::PageSide::kAround) {
      begin = anchor - std::min((limit - 1) / 2, anchor - all.begin());
    }
  }
  if (query.anchor && query.side != store::PageSide::kBefore) {
    end = begin + std::min(limit, end - begin);
  } else {
    begin = end - std::min(limit, end - begin);
  }
  store::MessagePage page;
  page.messages.assign(begin, end);
  page.has_more_after = end != all.end();
  if (!page.has_more_after) page.gap_after = stored.gap_after;
  page.total_count = stored.conversation.message_count;
  page.revision = revision_;
  if (begin == stored.messages.begin()) page.gap_before = stored.gap;
  page.has_more = begin != stored.messages.begin() || stored.gap.has_value();
  return page;
}

Result<Message> FakeAccount::ReadMessage(const MessageId& id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [conversation, stored] : conversations_) {
    for (const Message& message : stored.messages) {
      if (message.id == id) return message;
    }
  }
  return Fail(ErrorCode::kNotFound, "no such message");
}

Result<store::ConversationPage> FakeAccount::ListConversations(
    const store::ConversationQuery& query) {
  const std::lock_guard lock(mutex_);
  std::vector<const Conversation*> all;
  for (const auto& [id, stored] : conversations_) all.push_back(&stored.conversation);
  const auto newer = [](const Conversation* a, const Conversation* b) {
    return std::tie(b->last_activity_at, b->id) < std::tie(a->last_activity_at, a->id);
  };
  std::sort(all.begin(), all.end(), newer);
  store::ConversationPage page;
  page.total_count = all.size();
  page.revision = revision_;
  for (const Conversation* conversation : all) {
    if (query.after && std::tie(query.after->last_activity_at, query.after->id) <=
                           std::tie(conversation->last_activity_at, conversation->id)) {
      continue;
    }
    if (page.conversations.size() == query.limit) {
      const Conversation& last = page.conversations.back();
      page.next = store::ListPosition{last.last_activity_at, last.id};
      break;
    }
    page.conversations.push_back(*conversation);
  }
  return page;
}

Result<Conversation> FakeAccount::GetConversation(const ConversationId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) return Fail(ErrorCode::kNotFound, "no such conversation");
  return found->second.conversation;
}

Result<store::OutboxState> FakeAccount::ReadOutbox() {
  return store::OutboxState{};
}

Result<store::OutboxPage> FakeAccount::ListOutbox(const store::OutboxQuery& query) {
  const std::lock_guard lock(mutex_);
  outbox_queries_.push_back(query);
  return outbox_answer_;
}

void FakeAccount::SetOutbox(Result<store::OutboxPage> answer) {
  const std::lock_guard lock(mutex_);
  outbox_answer_ = std::move(answer);
}

std::vector<store::OutboxQuery> FakeAccount::outbox_queries() const {
  const std::lock_guard lock(mutex_);
  return outbox_queries_;
}

Result<store::OutgoingEntry> FakeAccount::ReadOutgoing(std::uint64_t) {
  return Fail(ErrorCode::kInternal, "not used by the local API");
}

Result<std::vector<ConversationId>> FakeAccount::ActiveConversations(WallTime, std::uint32_t) {
  return std::vector<ConversationId>{};
}

Result<store::FetchPlan> FakeAccount::PlanFetches(const std::vector<ConversationId>&,
                                                  std::uint32_t) {
  return store::FetchPlan{};
}

Result<store::SyncState> FakeAccount::ReadSyncState() {
  return store::SyncState{};
}

Result<store::StoreStatistics> FakeAccount::Statistics() {
  const std::lock_guard lock(mutex_);
  store::StoreStatistics statistics;
  statistics.conversations = conversations_.size();
  for (const auto& [id, stored] : conversations_) {
    statistics.messages += stored.messages.size();
    statistics.gaps += stored.gap ? 1 : 0;
  }
  return statistics;
}

LocalRevision FakeAccount::CurrentRevision() const {
  const std::lock_guard lock(mutex_);
  return revision_;
}

void FakeAccount::Send(sync::Draft draft, sync::Intents::Done<Message> done) {
  auto finish = [this, draft = std::move(draft), done = std::move(done)] {
    done(StoreSend(draft));
  };
  {
    const std::lock_guard lock(mutex_);
    if (hold_sends_) {
      held_.emplace_back(std::move(finish));
      held_changed_.notify_all();
      return;
    }
  }
  finish();
}

Result<Message> FakeAccount::StoreSend(const sync::Draft& draft) {
  if (draft.content.empty()) return Fail(ErrorCode::kInvalidArgument, "the message is empty");
  Message message;
  message.id = draft.id.value_or(MessageId(NewUuidV7(At(0))));
  message.role = Role::kUser;
  message.content = draft.content;
  message.content_type = draft.content_type;
  message.metadata = draft.metadata;
  message.delivery = Delivery::kQueued;
  message.created_at = At(0);
  message.conversation = draft.conversation;
  {
    const std::lock_guard lock(mutex_);
    const auto found = conversations_.find(draft.conversation);
    if (found == conversations_.end()) return Fail(ErrorCode::kNotFound, "no such conversation");
    for (const Message& present : found->second.messages) {
      if (present.id != message.id) continue;
      if (present.content == message.content) return present;
      return Fail(ErrorCode::kConflict, "this id was used for another message");
    }
  }
  AddMessages(draft.conversation.value(), {message});
  return message;
}

Result<Message*> FakeAccount::Find(const ConversationId& conversation, const MessageId& message) {
  const auto found = conversations_.find(conversation);
  if (found == conversations_.end()) return Fail(ErrorCode::kNotFound, "no such conversation");
  for (Message& present : found->second.messages) {
    if (present.id == message) return &present;
  }
  return Fail(ErrorCode::kNotFound, "no such message in it");
}

void FakeAccount::Act(MessageAction action, sync::Intents::Done<Message> done) {
  static constexpr const char* kNames[] = {"edit", "delete", "retry", "skip", "cancel"};
  Message changed;
  {
    const std::lock_guard lock(mutex_);
    actions_.push_back(std::string(kNames[action.what.index()]) + " " +
                       action.conversation.value() + " " + action.message.value());
    const Result<Message*> found = Find(action.conversation, action.message);
    if (!found) return done(tl::unexpected(found.error()));
    changed = **found;
  }
  if (std::holds_alternative<CancelMessage>(action.what)) return done(Cancel(action));
  if (const auto* edit = std::get_if<EditMessage>(&action.what)) {
    if (edit->content.empty()) {
      return done(Fail(ErrorCode::kInvalidArgument, "the message is empty"));
    }
    if (changed.deleted) return done(Fail(ErrorCode::kPrecondition, "the message is deleted"));
    changed.content = edit->content;
    changed.change.emplace().kind = PendingChange::Kind::kEdit;
  } else if (std::holds_alternative<DeleteMessage>(action.what)) {
    changed.deleted = true;
    changed.content.clear();
    changed.change.emplace().kind = PendingChange::Kind::kDelete;
  } else if (std::holds_alternative<RetryMessage>(action.what)) {
    changed.delivery = Delivery::kQueued;
    changed.failure.reset();
  }
  ReplaceMessage(changed);
  done(changed);
}

Result<Message> FakeAccount::Cancel(const MessageAction& action) {
  const std::lock_guard order(publishing_);
  std::unique_lock lock(mutex_);
  const Result<Message*> found = Find(action.conversation, action.message);
  if (!found) return tl::unexpected(found.error());
  Message gone = **found;
  if (gone.delivery == Delivery::kSent) {
    return Fail(ErrorCode::kPrecondition, "the message is sent and nothing of it is pending");
  }
  Stored& stored = conversations_.at(action.conversation);
  std::erase_if(stored.messages, [&](const Message& message) { return message.id == gone.id; });
  --stored.conversation.message_count;
  Commit commit = NextCommit(stored);
  commit.removed = {{action.conversation, action.message}};
  lock.unlock();
  Publish(std::move(commit));
  gone.delivery = Delivery::kCancelled;
  return gone;
}

void FakeAccount::RetryAll(std::optional<ConversationId> conversation,
                           sync::Intents::Done<std::uint32_t> done) {
  std::uint32_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    if (conversation && !conversations_.contains(*conversation)) {
      return done(Fail(ErrorCode::kNotFound, "no such conversation"));
    }
    for (auto& [id, stored] : conversations_) {
      if (conversation && id != *conversation) continue;
      for (Message& message : stored.messages) {
        if (message.delivery != Delivery::kFailed) continue;
        message.delivery = Delivery::kQueued;
        ++count;
      }
    }
  }
  done(count);
}

void FakeAccount::MarkRead(ConversationId conversation, std::optional<MessageId>,
                           sync::Intents::Done<Conversation> done) {
  done(GetConversation(conversation));
}

void FakeAccount::Open(ConversationId conversation, sync::Intents::Done<LocalRevision> done) {
  done(SetActive(conversation, true));
}

void FakeAccount::Close(ConversationId conversation, sync::Intents::Done<LocalRevision> done) {
  done(SetActive(conversation, false));
}

Result<LocalRevision> FakeAccount::SetActive(const ConversationId& id, bool active) {
  const std::lock_guard order(publishing_);
  std::unique_lock lock(mutex_);
  const auto found = conversations_.find(id);
  if (found == conversations_.end()) return Fail(ErrorCode::kNotFound, "no such conversation");
  found->second.conversation.active = active;
  Commit commit = NextCommit(found->second);
  const LocalRevision revision = commit.revision;
  lock.unlock();
  Publish(std::move(commit));
  return revision;
}

void FakeAccount::Fetch(Gap gap) {
  const std::lock_guard lock(mutex_);
  fetched_.push_back(std::move(gap));
}

void FakeAccount::SyncNow() {
  const std::lock_guard lock(mutex_);
  ++sync_nows_;
}

Commit FakeAccount::NextCommit(const Stored& changed) {
  Commit commit;
  commit.revision = ++revision_;
  commit.conversations = {changed.conversation};
  return commit;
}

Result<std::optional<store::ChangesPage>> FakeAccount::ReadChanges(
    const store::ChangesQuery& query) {
  const std::lock_guard lock(mutex_);
  if (query.since < kFirstRevision || query.since > revision_) return std::nullopt;
  store::ChangesPage page{{}, true};
  page.changes.revision = revision_;
  for (const Commit& commit : log_) {
    if (commit.revision <= query.since) continue;
    const auto concerns = [&](const ConversationId& id) {
      return !query.conversation || *query.conversation == id;
    };
    if (query.conversation &&
        std::any_of(commit.gaps_changed.begin(), commit.gaps_changed.end(), concerns))
      return std::nullopt;
    if (page.changes.revision != revision_) {
      page.complete = false;
      break;
    }
    page.changes = commit;
    if (query.conversation) page.changes.conversations.clear();
    if (!query.messages) page.changes.gaps_changed.clear();
    if (!query.messages) page.changes.messages = {};
  }
  if (page.complete) page.changes.revision = revision_;
  return page;
}

void FakeAccount::Publish(Commit commit) {
  {
    const std::lock_guard lock(mutex_);
    log_.push_back(commit);
  }
  bus_->Publish(std::make_shared<const Commit>(std::move(commit)));
}

Result<RetentionPlan> FakeAccount::Preview(const RetentionPolicy& policy) {
  RetentionPlan plan;
  plan.messages = policy.days;
  plan.bytes = policy.max_bytes;
  plan.oldest = WallTime(std::chrono::hours(24));
  plan.evictions.push_back({ConversationId("old"), WallTime(std::chrono::hours(48)), *plan.oldest,
                            policy.days, policy.max_bytes});
  plan.overrides.push_back({ConversationId("kept"), 0});
  return plan;
}

void FakeAccount::Run(account::Retention::Done<account::RetentionOutcome> done) {
  done(account::RetentionOutcome{3, 200, 100});
}

void FakeAccount::Set(ConversationId conversation, std::optional<std::uint32_t>,
                      account::Retention::Done<LocalRevision> done) {
  const std::lock_guard lock(mutex_);
  if (!conversations_.contains(conversation)) {
    return done(Fail(ErrorCode::kNotFound, "no such conversation"));
  }
  done(revision_);
}

FakeAccounts::FakeAccounts() : current_(std::make_shared<FakeAccount>("store-of-ada")) {
  info_.state = account::AccountState::kSignedIn;
  info_.user = UserId("ada");
  info_.backend_url = "ws://127.0.0.1:1";
}

std::shared_ptr<FakeAccount> FakeAccounts::ada() {
  const std::lock_guard lock(mutex_);
  return current_;
}

void FakeAccounts::Forget() {
  const std::lock_guard lock(mutex_);
  current_.reset();
  info_ = {};
}

std::shared_ptr<FakeAccount> FakeAccounts::SwitchTo(std::string_view user) {
  std::shared_ptr<FakeAccount> before;
  std::shared_ptr<FakeAccount> after =
      std::make_shared<FakeAccount>("store-of-" + std::string(user));
  {
    const std::lock_guard lock(mutex_);
    before = std::exchange(current_, after);
    info_.user = UserId(std::string(user));
  }
  if (before) before->bus()->Close(Error(ErrorCode::kConflict, "another account was signed in"));
  return after;
}

void FakeAccounts::HoldSignIns() {
  const std::lock_guard lock(mutex_);
  hold_sign_ins_ = true;
}

void FakeAccounts::WaitForHeldSignIn() {
  std::unique_lock lock(mutex_);
  held_changed_.wait(lock, [this] { return !held_.empty(); });
}

std::shared_ptr<account::OpenAccount> FakeAccounts::Current() {
  const std::lock_guard lock(mutex_);
  return current_;
}

Error FakeAccounts::Problem() {
  return {ErrorCode::kUnauthenticated, "nobody is signed in"};
}

account::AccountInfo FakeAccounts::Info() {
  const std::lock_guard lock(mutex_);
  return info_;
}

void FakeAccounts::SignIn(Secret token, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (hold_sign_ins_) {
      held_.push_back(std::move(done));
      held_changed_.notify_all();
      return;
    }
  }
  if (token.bytes() == "offline") {
    return done(Fail(ErrorCode::kOffline, "the backend cannot be reached"));
  }
  if (token.bytes() != "good-token") {
    return done(Fail(ErrorCode::kUnauthenticated, "the backend refused the token"));
  }
  done(Info());
}

void FakeAccounts::RollBack(bool force, RollBackDone done) {
  if (!force) return done(Fail(ErrorCode::kPrecondition, "2 unsent entries would be lost"));
  done(account::RollBackOutcome{3, 2, 1, 1, 2, "/aside"});
}

void FakeAccounts::SignOutAndForget(bool discard_unsent, RemovedDone done) {
  if (!discard_unsent) return done(Fail(ErrorCode::kPrecondition, "2 unsent entries would go"));
  Forget();
  done(account::Removed{100, 2, 1});
}

void FakeAccounts::ClearCache(account::ClearOptions options, RemovedDone done) {
  if (!options.everything) return done(account::Removed{100, 0, 0});
  if (!options.discard_unsent)
    return done(Fail(ErrorCode::kPrecondition, "2 unsent entries would go"));
  done(account::Removed{200, 2, 1});
}

Result<std::unique_ptr<account::RestoreUpload>> FakeAccounts::BeginRestore() {
  return std::make_unique<FakeUpload>();
}

void FakeAccounts::Restore(std::unique_ptr<account::RestoreUpload> upload,
                           account::RestoreOptions options, RestoreDone done) {
  if (!options.discard_unsent)
    return done(Fail(ErrorCode::kPrecondition, "2 unsent entries would go"));
  if (dynamic_cast<FakeUpload&>(*upload).bytes() == "held") {
    const std::lock_guard lock(mutex_);
    held_restore_ = std::move(done);
    return held_changed_.notify_all();
  }
  {
    const std::lock_guard lock(mutex_);
    restored_ =
        std::string(options.passphrase.bytes()) + "|" + dynamic_cast<FakeUpload&>(*upload).bytes();
  }
  done(account::RestoreOutcome{WallTime{}, 1, 7, 2, 0, "/aside"});
}

void FakeAccounts::WaitForHeldRestore() {
  std::unique_lock lock(mutex_);
  held_changed_.wait(lock, [this] { return held_restore_ != nullptr; });
}

std::string FakeAccounts::restored() {
  const std::lock_guard lock(mutex_);
  return restored_;
}

void FakeAccounts::SignOut(Done done) {
  {
    const std::lock_guard lock(mutex_);
    info_.state = account::AccountState::kSignedOut;
  }
  done(Info());
}

}  // namespace hark::ipc
