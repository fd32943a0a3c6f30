#include "tests/sim/scripted_store.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "daemon/base/secret.h"

namespace hark::sim {
namespace {

// More than a script makes.
constexpr std::uint32_t kPage = 10;

}  // namespace

HandWrittenStore::HandWrittenStore() {
  store::StoreOptions options;
  options.folder = folder_.path() / "account";
  options.cache_key = Secret(std::string(32, 'c'));
  options.authored_key = Secret(std::string(32, 'a'));
  options.clock = &clock_;
  options.on_commit = [this](std::shared_ptr<const Commit> commit) {
    announced_.push_back(std::move(commit));
  };
  options.readers = 1;
  options.writes_by_hand = true;
  auto opened = store::SqlcipherStore::Open(std::move(options));
  if (!opened) {
    std::fprintf(stderr, "the store does not open: %s\n", opened.error().message.c_str());
    std::abort();
  }
  store_ = *std::move(opened);
  (void)Write();
}

std::vector<std::shared_ptr<const Commit>> HandWrittenStore::Write() {
  store_->RunWriter();
  return std::exchange(announced_, {});
}

ScriptedStore::ScriptedStore(HandWrittenStore& store, ConversationId conversation)
    : real_(store), conversation_(std::move(conversation)) {
  real_.store().BeginSync();
  store::ApplySummary summary;
  summary.summary.id = conversation_;
  Apply({{summary, store::SetCursor{{"e1", 0}}}});
}

void ScriptedStore::EnqueueSend(const MessageId& id, std::string content, bool leaves_now) {
  Message message;
  message.id = id;
  message.conversation = conversation_;
  message.content = std::move(content);
  real_.store().EnqueueSend({std::move(message), leaves_now}, [this](const Result<Message>& sent) {
    if (!sent) Complain("a send is refused: " + sent.error().message);
  });
  Write();
}

bool ScriptedStore::Act(const MessageId& id, const decltype(MessageAction::what)& what) {
  bool fits = false;
  real_.store().Act({conversation_, id, what},
                    [&fits](const Result<Message>& done) { fits = done.has_value(); });
  Write();
  return fits;
}

void ScriptedStore::Apply(const store::Batch& batch) {
  real_.store().Apply(batch, [this](const Result<LocalRevision>& applied) {
    if (!applied) Complain("a batch is refused: " + applied.error().message);
  });
  Write();
}

std::optional<sync::OutboxChanged> ScriptedStore::TakeDelta() {
  return std::exchange(delta_, std::nullopt);
}

std::vector<sync::Update> ScriptedStore::TakeUpdates() {
  return std::exchange(updates_, {});
}

store::OutboxState ScriptedStore::ReadOutbox() {
  auto outbox = real_.store().ReadOutbox();
  if (!outbox) Complain("the outbox cannot be read: " + outbox.error().message);
  return outbox.value_or(store::OutboxState{});
}

std::optional<store::OutgoingEntry> ScriptedStore::ReadOutgoing(std::uint64_t position) {
  auto outgoing = real_.store().ReadOutgoing(position);
  if (!outgoing) return std::nullopt;
  return *std::move(outgoing);
}

SyncCursor ScriptedStore::cursor() {
  const auto state = real_.store().ReadSyncState();
  if (!state || !state->cursor) Complain("the cursor is gone");
  return state && state->cursor ? *state->cursor : SyncCursor{};
}

std::optional<Message> ScriptedStore::Show(const MessageId& id) {
  auto message = real_.store().ReadMessage(id);
  if (!message) return std::nullopt;
  return *std::move(message);
}

void ScriptedStore::Write() {
  const auto commits = real_.Write();
  if (commits.size() > 1) Complain("one call became several commits");
  for (const auto& commit : commits) Watch(*commit);
}

void ScriptedStore::Watch(const Commit& commit) {
  if (!commit.outbox.empty() || !commit.outbox_removed.empty())
    delta_ = sync::OutboxChanged{commit.revision, commit.outbox, commit.outbox_removed};
  for (const Message& message : commit.messages) {
    if (message.conversation != conversation_) Complain("another conversation was announced");
    const auto [known, is_new] = shown_.try_emplace(message.id, message);
    if (!is_new && known->second == message)
      Complain("an update says nothing new of " + message.id.value());
    known->second = message;
    updates_.push_back({message.id, message});
  }
  for (const RemovedMessage& removed : commit.removed) {
    if (shown_.erase(removed.message) == 0)
      Complain("what was not there was announced as removed: " + removed.message.value());
    updates_.push_back({removed.message, std::nullopt});
  }
}

void ScriptedStore::CheckPage() {
  const auto page = real_.store().ReadPage({conversation_, std::nullopt, kPage});
  if (!page) return Complain("the page cannot be read: " + page.error().message);
  std::size_t same = 0;
  for (const Message& message : page->messages) {
    const auto shown = shown_.find(message.id);
    if (shown == shown_.end()) {
      Complain("a row was not announced: " + message.id.value());
    } else if (shown->second != message) {
      Complain("a change was not announced, or another one was: " + message.id.value());
    } else {
      ++same;
    }
  }
  if (same != page->messages.size() || same != shown_.size())
    Complain("the page has not just what was announced");
}

}  // namespace hark::sim
