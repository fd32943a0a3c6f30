#include "tests/damage/author.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>

#include "daemon/store/writer.h"
#include "tests/support/store_calls.h"

namespace hark::damage {
namespace {

using store::Batch;

constexpr std::int64_t kStart = 1'700'000'000'000;

WallTime At(std::int64_t seconds) {
  return WallTime(std::chrono::milliseconds(kStart + seconds * 1'000));
}

ConversationId Conversation(int number) {
  return ConversationId("conversation-" + std::to_string(number));
}

}  // namespace

Author::Author(store::SqlcipherStore& store, Expected& expected, std::mt19937_64& random)
    : store_(store), expected_(expected), random_(random), version_(store.CurrentRevision()) {
  std::map<ConversationId, Sequence> newest;
  for (const auto& [id, versions] : expected.messages) {
    Sequence& last = newest[versions.back().conversation];
    last = std::max(last, versions.back().sequence);
  }
  for (int c = 0; c < kConversations; ++c) next_.push_back(newest[Conversation(c)] + 1);
}

void Author::Fill(int count) {
  for (int c = 0; c < kConversations; ++c) {
    Sequence& next = next_[static_cast<std::size_t>(c)];
    Batch batch;
    store::ApplySummary summary;
    summary.summary.id = Conversation(c);
    summary.summary.title = "Conversation " + std::to_string(c);
    summary.summary.last_sequence = next + static_cast<Sequence>(count) - 1;
    summary.summary.message_count = summary.summary.last_sequence;
    summary.summary.last_activity_at = At(c);
    batch.operations.emplace_back(summary);
    store::ApplyHistory page;
    page.conversation = Conversation(c);
    page.from = next;
    page.to = summary.summary.last_sequence;
    while (next <= page.to) page.messages.push_back(Next(c));
    for (const Message& message : page.messages) Note(message);
    batch.operations.emplace_back(std::move(page));
    (void)Must(ApplyNow(store_, std::move(batch)));
  }
}

void Author::Edit(int count) {
  Batch batch;
  for (Message& message : Edited(count)) {
    Note(message);
    batch.operations.emplace_back(store::ApplyMessage{std::move(message)});
  }
  batch.operations.emplace_back(store::SetCursor{{"epoch", 17}});
  batch.operations.emplace_back(store::SetSynced{At(60'000), true});
  (void)Must(ApplyNow(store_, std::move(batch)));
}

void Author::Send(int count) {
  for (int i = 0; i < count; ++i) {
    Message message = Make(static_cast<int>(random_() % kConversations), 0);
    message.revision = 0;
    message.delivery = Delivery::kQueued;
    expected_.sends[message.id] = Must(SendNow(store_, message));
    ++expected_.outbox;
  }
}

void Author::Draft(int count) {
  store::UserStateChanges changes;
  for (int i = 0; i < count; ++i) {
    hark::Draft draft;
    draft.conversation = Conversation(static_cast<int>(random_() % kConversations));
    draft.version = ++version_;
    draft.changed_at = At(static_cast<std::int64_t>(draft.version));
    const auto size = random_() % 10;
    if (size > 1) draft.text = Text(size < 8 ? 20 + size * 40 : 12'000);
    expected_.drafts[draft.conversation].push_back(draft);
    changes.drafts.push_back(std::move(draft));
    ViewState view;
    view.conversation = Conversation(static_cast<int>(random_() % kConversations));
    view.ui = "ui " + std::to_string(random_() % 9);
    view.message = Uuid();
    view.offset = -static_cast<std::int64_t>(random_() % 1'000);
    view.sequence = random_() % 40;
    view.set_at = At(static_cast<std::int64_t>(version_));
    expected_.view_states[{view.conversation, view.ui}].push_back(view);
    changes.view_states.push_back(std::move(view));
  }
  (void)Must(SaveNow(store_, std::move(changes)));
}

std::vector<Message> Author::Edited(int count) {
  std::map<MessageId, Message> newest;
  std::vector<Message> edited;
  for (int i = 0; i < count; ++i) {
    const auto entry =
        std::next(expected_.messages.begin(),
                  static_cast<std::ptrdiff_t>(random_() % expected_.messages.size()));
    Message& message = newest.try_emplace(entry->first, entry->second.back()).first->second;
    if (message.deleted) continue;
    ++message.revision;
    message.edited_at = At(50'000);
    message.content = Text(message.content.size() > 2'000 ? 50 : 3'000);
    if (random_() % 5 == 0) {
      message.deleted = true;
      message.content.clear();
    }
    edited.push_back(message);
  }
  return edited;
}

Message Author::Next(int conversation) {
  return Make(conversation, next_[static_cast<std::size_t>(conversation)]++);
}

std::string Author::Text(std::size_t size) {
  std::string text;
  while (text.size() < size)
    text += std::to_string(random_()) + (text.size() % 3 == 0 ? " é" : " ");
  return text;
}

Message Author::Make(int conversation, Sequence sequence) {
  Message message;
  const auto id = random_();
  message.id = id % 4 == 0 ? MessageId("message-" + std::to_string(id)) : Uuid();
  message.conversation = Conversation(conversation);
  message.role = id % 2 == 0 ? Role::kUser : Role::kAssistant;
  message.sequence = sequence;
  message.revision = 1;
  message.created_at = At(static_cast<std::int64_t>(sequence));
  const auto size = random_() % 100;
  message.content = Text(size < 90 ? 40 + size * 4 : size < 97 ? 5'000 : 25'000);
  if (id % 7 == 0) message.metadata = {{"model", std::to_string(id)}};
  if (id % 3 == 0) message.content_type = "text/markdown";
  return message;
}

MessageId Author::Uuid() {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text = "018bcfe5-6800-7000-8000-000000000000";
  for (const std::size_t i :
       {9U, 10U, 11U, 12U, 24U, 25U, 26U, 27U, 28U, 29U, 30U, 31U, 32U, 33U, 34U, 35U})
    text[i] = kHex[random_() % 16];
  return MessageId(text);
}

}  // namespace hark::damage
