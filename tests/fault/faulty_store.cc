#include "tests/fault/faulty_store.h"

#include <string>
#include <system_error>

namespace hark::fault {

std::uintmax_t FaultyStore::SizeOf(const std::string& name) const {
  std::error_code error;
  const auto size = std::filesystem::file_size(folder_ / name, error);
  return error ? 0 : size;
}

Result<void> FaultyStore::Open() {
  store::StoreOptions options;
  options.folder = folder_;
  options.cache_key = Secret(std::string(32, '\x11'));
  options.authored_key = Secret(std::string(32, '\x22'));
  options.clock = &clock_;
  options.on_commit = [this](const std::shared_ptr<const Commit>& commit) {
    const std::lock_guard lock(mutex_);
    last_announced_ = commit->revision;
    told_to_read_again_ += commit->read_again ? 1 : 0;
    left_outbox_.insert(commit->outbox_removed.begin(), commit->outbox_removed.end());
  };
  options.writes_by_hand = by_hand_;
  options.at_step = at_step_;
  options.boot_id = "boot " + std::to_string(boots_);
  options.on_damage = [this](store::File file) {
    const std::lock_guard lock(mutex_);
    damaged_.push_back(file);
  };
  auto store = store::SqlcipherStore::Open(std::move(options));
  if (!store) return tl::unexpected<Error>(store.error());
  store_ = *std::move(store);
  return {};
}

Result<void> FaultyStore::OpenFilled() {
  if (auto opened = Open(); !opened) return opened;
  store::Batch batch;
  batch.operations.emplace_back(TestSummary("A", 3));
  for (Sequence i = 1; i <= 3; ++i)
    batch.operations.emplace_back(
        store::ApplyMessage{TestMessage("A", "m" + std::to_string(i), i, "text")});
  if (auto applied = Apply(std::move(batch)); !applied)
    return tl::unexpected<Error>(applied.error());
  if (auto sent = Send(TestMessage("A", "first", 0, "text")); !sent)
    return tl::unexpected<Error>(sent.error());
  // The send is answered before cache.db has it.
  if (auto shown = Apply({}); !shown) return tl::unexpected<Error>(shown.error());
  return {};
}

void FaultyStore::Kill() {
  disk_.PowerOff();
  Close();
  disk_.ClearFaults();
  disk_.SetSpace(std::nullopt);
  disk_.PowerOn();
}

void FaultyStore::LosePower(std::mt19937_64& random, Loss loss) {
  disk_.PowerOff();
  Close();
  disk_.ClearFaults();
  disk_.SetSpace(std::nullopt);
  disk_.LosePower(random, loss);
  disk_.PowerOn();
  ++boots_;
}

template <typename T>
Result<T> FaultyStore::Wait(Answer<T>& answer) {
  if (by_hand_) store_->RunWriter();
  return answer.Wait();
}

Result<LocalRevision> FaultyStore::Apply(store::Batch batch) {
  Answer<LocalRevision> answer;
  store_->Apply(std::move(batch), answer.Done());
  return Wait(answer);
}

Result<Message> FaultyStore::Send(Message message) {
  Answer<Message> answer;
  store_->EnqueueSend({std::move(message)}, answer.Done());
  return Wait(answer);
}

Result<Conversation> FaultyStore::MarkRead(const std::string& conversation) {
  Answer<Conversation> answer;
  store_->MarkRead({ConversationId(conversation), std::nullopt}, answer.Done());
  return Wait(answer);
}

std::vector<store::File> FaultyStore::damaged() const {
  const std::lock_guard lock(mutex_);
  return damaged_;
}

std::set<std::uint64_t> FaultyStore::left_outbox() const {
  const std::lock_guard lock(mutex_);
  return left_outbox_;
}

int FaultyStore::told_to_read_again() const {
  const std::lock_guard lock(mutex_);
  return told_to_read_again_;
}

LocalRevision FaultyStore::last_announced() const {
  const std::lock_guard lock(mutex_);
  return last_announced_;
}

HeldWriter::HeldWriter(store::SqlcipherStore& store) {
  std::promise<void> held;
  auto is_held = held.get_future();
  store.Apply({}, [&held, released = released_.get_future().share()](Result<LocalRevision>) {
    held.set_value();
    released.wait();
  });
  is_held.wait();
}

void HeldWriter::Release() {
  if (!is_released_) released_.set_value();
  is_released_ = true;
}

Message TestMessage(const std::string& conversation, const std::string& id, Sequence sequence,
                    std::string content) {
  Message message;
  message.id = MessageId(id);
  message.conversation = ConversationId(conversation);
  message.role = Role::kUser;
  message.content = std::move(content);
  message.sequence = sequence;
  message.revision = sequence == 0 ? 0 : 1;
  return message;
}

store::ApplySummary TestSummary(const std::string& conversation, Sequence last) {
  store::ApplySummary summary;
  summary.summary.id = ConversationId(conversation);
  summary.summary.title = "Title";
  summary.summary.last_sequence = last;
  summary.summary.message_count = last;
  return summary;
}

}  // namespace hark::fault
