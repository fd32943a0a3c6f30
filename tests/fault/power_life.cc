#include "tests/fault/power_life.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace hark::fault {
namespace {

constexpr std::size_t kConversations = 3;
constexpr int kSteps = 60;  // Between two losses of power, at most.

std::string ConversationName(std::uint64_t number) {
  return "conversation-" + std::to_string(number);
}

}  // namespace

void Findings::Add(const Findings& other) {
  crashes += other.crashes;
  answered += other.answered;
  lost += other.lost;
  returned += other.returned;
  doubled += other.doubled;
  revisions_back += other.revisions_back;
  cursors_ahead += other.cursors_ahead;
  marks_lost += other.marks_lost;
  unopened += other.unopened;
  false_alarms += other.false_alarms;
}

// One of the answers is used, as the message or the name says.
struct PowerLife::Call {
  std::optional<Message> send;
  std::string mark;
  std::string open;
  std::optional<Draft> draft;
  std::optional<Message> edited;  // As it is then.
  std::string withdrawn;          // The id.
  std::uint64_t number = 0;
  WallTime opened_at{};
  std::uint64_t position = 0;  // Of the batch that it is.
  Answer<Message> sent;        // Or edited, or withdrawn.
  Answer<std::uint32_t> retried;
  bool retries = false;
  Answer<Conversation> marked;
  Answer<LocalRevision> applied;
};

PowerLife::PowerLife(std::uint64_t seed, bool authored_unsynced) : random_(seed) {
  if (authored_unsynced) faulty_.disk().IgnoreSyncs("authored.db-wal");
}

Findings PowerLife::Run(std::uint64_t crashes) {
  Findings findings;
  store::Batch summaries;
  for (std::uint64_t i = 0; i < kConversations; ++i)
    summaries.operations.emplace_back(TestSummary(ConversationName(i), 0));
  if (!faulty_.Open() || !faulty_.Apply(std::move(summaries))) {
    findings.unopened = 1;
    return findings;
  }
  while (findings.crashes < crashes) {
    UseUntilPowerIsOff();
    ++findings.crashes;
    End();
    // Now and then it is lost again while the store opens.
    if (findings.crashes < crashes && Pick(4) == 0) {
      faulty_.disk().PowerOffAt(1 + Pick(80));
      if (faulty_.Open())
        newest_revision_ = std::max(newest_revision_, faulty_.store().CurrentRevision());
      ++findings.crashes;
      End();
    }
    if (!faulty_.Open()) {
      ++findings.unopened;
      break;
    }
    Check(findings);
    // So that each is counted once.
    if (findings.wrong() > 0) break;
  }
  findings.answered = answered_.size();
  return findings;
}

void PowerLife::End() {
  if (Pick(3) == 0) {
    faulty_.Kill();
  } else {
    faulty_.LosePower(random_, Pick(2) == 0 ? Loss::kAnyOrder : Loss::kPrefix);
  }
}

void PowerLife::UseUntilPowerIsOff() {
  faulty_.disk().PowerOffAt(1 + Pick(Pick(4) == 0 ? 2'000 : 200));
  for (int step = 0; step < kSteps && !faulty_.disk().is_off(); ++step) {
    std::vector<Call> calls;
    if (Pick(3) == 0) {
      HeldWriter held(faulty_.store());
      for (std::uint64_t i = 2 + Pick(5); i > 0; --i) calls.push_back(Begin());
    } else {
      calls.push_back(Begin());
    }
    for (Call& call : calls) Settle(call);
    // Waits for the checkpoint after it too, so that a seed does the same each time.
    if (!faulty_.Apply({})) break;
    newest_revision_ = std::max(newest_revision_, faulty_.store().CurrentRevision());
    if (Pick(60) == 0) {
      faulty_.Close();
      if (!faulty_.Open()) break;
    }
  }
}

Message& PowerLife::AppendAtBackend(Message message) {
  message.sequence = ++last_sequence_[message.conversation.value()];
  message.revision = 1;
  log_.push_back({std::move(message)});
  return log_.back().message;
}

PowerLife::Call PowerLife::Begin() {
  Call call;
  const std::string conversation = ConversationName(Pick(kConversations));
  const std::string id = "message-" + std::to_string(++next_id_);
  const std::string content(Pick(50) == 0 ? 200'000 : Pick(3'000), 'x');
  call.number = next_id_;
  switch (Pick(13)) {
    case 0:
    case 1:
    case 2: {
      call.send = TestMessage(conversation, id, 0, id + content);
      faulty_.store().EnqueueSend({*call.send}, call.sent.Done());
      break;
    }
    case 3: {
      call.mark = conversation;
      faulty_.store().MarkRead({ConversationId(conversation), std::nullopt}, call.marked.Done());
      break;
    }
    case 4: {
      call.open = conversation;
      call.opened_at = WallTime(std::chrono::milliseconds(next_id_));
      faulty_.store().RecordOpen(ConversationId(conversation), call.opened_at, call.applied.Done());
      break;
    }
    case 9: {
      call.draft = Draft{ConversationId(conversation), Pick(4) == 0 ? "" : id + content, next_id_,
                         WallTime{}};
      faulty_.store().SaveUserState({{*call.draft}, {}}, call.applied.Done());
      break;
    }
    case 10: BeginAction(call); break;
    case 11:
    case 12: BeginStep(call); break;
    case 5:
    case 6:
      if (!unacknowledged_.empty()) {
        // The backend has it, once, whether or not its answer arrives here.
        const Message& send = unacknowledged_.front();
        const auto known = std::find_if(log_.begin(), log_.end(), [&send](const Entry& entry) {
          return entry.message.id == send.id;
        });
        const Message& there = known != log_.end() ? known->message : AppendAtBackend(send);
        faulty_.store().Apply({{store::AcknowledgeSend{there.id, "", there.sequence, 1}}},
                              call.applied.Done());
        unacknowledged_.erase(unacknowledged_.begin());
        break;
      }
      [[fallthrough]];
    default: {
      // The next change of the backend's, with the cursor behind it.
      if (applied_ == log_.size()) AppendAtBackend(TestMessage(conversation, id, 0, id + content));
      call.position = ++applied_;
      faulty_.store().Apply({{store::ApplyMessage{log_[call.position - 1].message},
                              store::SetCursor{{"epoch", call.position}}}},
                            call.applied.Done());
      break;
    }
  }
  return call;
}

// Of a send that the backend does not have.
void PowerLife::BeginAction(Call& call) {
  std::vector<std::size_t> here;
  for (std::size_t i = 0; i < unacknowledged_.size(); ++i) {
    if (std::none_of(log_.begin(), log_.end(),
                     [&](const Entry& entry) { return entry.message.id == unacknowledged_[i].id; }))
      here.push_back(i);
  }
  if (here.empty()) {
    faulty_.store().Apply({}, call.applied.Done());
    return;
  }
  // It is not acknowledged before this is answered.
  const auto chosen =
      unacknowledged_.begin() + static_cast<std::ptrdiff_t>(here[Pick(here.size())]);
  Message send = std::move(*chosen);
  unacknowledged_.erase(chosen);
  const std::string id = send.id.value();
  if (Pick(3) > 0) {
    send.content = id + std::string(Pick(3'000), 'e') + std::to_string(call.number);
    answered_[id][call.number] = send.content;
    faulty_.store().Act({send.conversation, send.id, EditMessage{send.content}}, call.sent.Done());
    call.edited = std::move(send);
    return;
  }
  call.withdrawn = id;
  withdrawing_.insert(id);
  faulty_.store().Act({send.conversation, send.id, CancelMessage{}}, call.sent.Done());
}

void PowerLife::BeginStep(Call& call) {
  const auto outbox = faulty_.store().ReadOutbox();
  std::vector<std::uint64_t> sends;
  for (const OutboxEntry& entry : outbox ? outbox->entries : std::vector<OutboxEntry>())
    if (entry.kind == OutboxKind::kSend) sends.push_back(entry.position);
  if (sends.empty()) {
    faulty_.store().Apply({}, call.applied.Done());
    return;
  }
  const std::uint64_t position = sends[Pick(sends.size())];
  store::Batch batch;
  switch (Pick(5)) {
    case 0: batch.operations.emplace_back(store::MarkSending{{position}}); break;
    case 1: batch.operations.emplace_back(store::ConnectionLost{}); break;
    case 2:
      batch.operations.emplace_back(store::FailEntry{position, {"REFUSED", "", true, {}}});
      break;
    case 3: batch.operations.emplace_back(store::ExpireEntries{{position}}); break;
    default:
      call.retries = true;
      faulty_.store().RetryAll(std::nullopt, call.retried.Done());
      return;
  }
  faulty_.store().Apply(std::move(batch), call.applied.Done());
}

void PowerLife::Settle(Call& call) {
  if (call.send) {
    if (!call.sent.Wait()) return;
    answered_[call.send->id.value()].emplace(call.number, call.send->content);
    unacknowledged_.push_back(*call.send);
  } else if (call.edited) {
    if (!call.sent.Wait()) return;
    auto& contents = answered_[call.edited->id.value()];
    contents.erase(contents.begin(), contents.find(call.number));
    unacknowledged_.push_back(*std::move(call.edited));
  } else if (!call.withdrawn.empty()) {
    if (call.sent.Wait()) withdrawn_.insert(call.withdrawn);
  } else if (call.retries) {
    (void)call.retried.Wait();
  } else if (!call.mark.empty()) {
    if (const auto marked = call.marked.Wait()) read_[call.mark] = marked->read_sequence;
  } else {
    const bool applied = call.applied.Wait().has_value();
    if (applied && !call.open.empty()) opened_[call.open] = call.opened_at;
    if (applied && call.draft) drafts_[call.draft->conversation.value()] = *call.draft;
  }
}

void PowerLife::Check(Findings& findings) {
  store::SqlcipherStore& store = faulty_.store();
  if (store.LastRepair().any() || !store.Verify().good()) ++findings.false_alarms;
  if (store.CurrentRevision() <= newest_revision_) ++findings.revisions_back;
  std::set<std::string> waiting;
  std::map<ConversationId, Sequence> markers;
  unacknowledged_.clear();
  const auto outbox = store.ReadOutbox();
  if (!outbox) ++findings.lost;
  for (const OutboxEntry& entry : outbox ? outbox->entries : std::vector<OutboxEntry>()) {
    if (entry.kind == OutboxKind::kMarkRead) markers[entry.conversation] = entry.read_sequence;
    if (entry.kind != OutboxKind::kSend) continue;
    if (!waiting.insert(entry.message.value()).second) ++findings.doubled;
    if (const auto message = store.ReadMessage(entry.message)) {
      unacknowledged_.push_back(*message);
      // One whose call failed may be there all the same; from now on it has to stay.
      answered_.try_emplace(message->id.value(),
                            std::map<std::uint64_t, std::string>{{0, message->content}});
    }
  }
  CheckSends(findings, waiting);
  for (std::uint64_t i = 0; i < kConversations; ++i) {
    const ConversationId conversation(ConversationName(i));
    const auto page = store.ReadPage({conversation, std::nullopt, 200});
    std::set<std::string> ids;
    for (const Message& message : page ? page->messages : std::vector<Message>())
      if (!ids.insert(message.id.value()).second) ++findings.doubled;
    // The messages that were read may be gone from the cache, and with them the place of the
    // marker; it still waits for the backend.
    const auto row = store.GetConversation(conversation);
    const Sequence read = std::max(row ? row->read_sequence : 0, markers[conversation]);
    if (read < read_[conversation.value()]) ++findings.marks_lost;
  }
  for (const auto& [name, at] : opened_) {
    const auto active = store.ActiveConversations(at, kConversations);
    if (!active || std::find(active->begin(), active->end(), ConversationId(name)) == active->end())
      ++findings.marks_lost;
  }
  const auto drafts = store.ReadDrafts();
  for (const auto& [name, answered] : drafts_) {
    const auto is_there = [&](const Draft& draft) {
      // One whose call failed may be there all the same.
      return draft.conversation == answered.conversation &&
             (draft == answered || draft.version > answered.version);
    };
    if (!drafts || std::none_of(drafts->begin(), drafts->end(), is_there)) ++findings.marks_lost;
  }
  const auto state = store.ReadSyncState();
  const std::uint64_t cursor =
      state ? state->cursor.value_or(SyncCursor{}).position : std::uint64_t{0};
  for (std::uint64_t i = 0; i < cursor; ++i) {
    const auto message = store.ReadMessage(log_[i].message.id);
    if (!message || message->delivery != Delivery::kSent) ++findings.cursors_ahead;
  }
  applied_ = cursor;
}

void PowerLife::CheckSends(Findings& findings, const std::set<std::string>& waiting) {
  for (auto& [id, contents] : answered_) {
    const auto message = faulty_.store().ReadMessage(MessageId(id));
    const auto known = std::find_if(contents.begin(), contents.end(), [&](const auto& content) {
      return message && (content.second == message->content ||
                         (message->change && content.second == message->change->content));
    });
    if (withdrawn_.contains(id)) {
      if (message || waiting.contains(id)) ++findings.returned;
    } else if (!message && withdrawing_.contains(id)) {
      withdrawn_.insert(id);
    } else if (!message || known == contents.end()) {
      ++findings.lost;
    } else if ((message->delivery == Delivery::kSent) == waiting.contains(id)) {
      ++findings.doubled;  // In both files, or in the cache and not sent.
    } else {
      contents = {{known->first, known->second}};
    }
  }
}

}  // namespace hark::fault
