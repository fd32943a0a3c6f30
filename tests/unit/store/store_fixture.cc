#include "tests/unit/store/store_fixture.h"

#include <cstdlib>
#include <future>
#include <utility>

namespace hark::store {
namespace {

namespace fs = std::filesystem;

template <typename T, typename Call>
Result<T> Wait(Call&& call) {
  std::promise<Result<T>> promise;
  auto future = promise.get_future();
  std::forward<Call>(call)([&promise](Result<T> result) { promise.set_value(std::move(result)); });
  return future.get();
}

}  // namespace

Result<std::unique_ptr<SqlcipherStore>> StoreFixture::TryOpen(const fs::path& folder,
                                                              const std::string& cache_key,
                                                              const std::string& authored_key) {
  StoreOptions options;
  options.folder = folder;
  options.cache_key = Secret(std::string(cache_key));
  options.authored_key = Secret(std::string(authored_key));
  options.clock = &clock_;
  options.boot_id = boot_id_;
  return SqlcipherStore::Open(std::move(options));
}

std::unique_ptr<SqlcipherStore> StoreFixture::Open(const fs::path& folder) {
  auto store = TryOpen(folder);
  if (!store) {
    ADD_FAILURE() << store.error().message;
    std::abort();
  }
  return *std::move(store);
}

Result<LocalRevision> ApplyNow(SqlcipherStore& store, Batch batch) {
  return Wait<LocalRevision>([&](auto done) { store.Apply(std::move(batch), std::move(done)); });
}

Result<Message> SendNow(SqlcipherStore& store, Message message) {
  return Wait<Message>(
      [&](auto done) { store.EnqueueSend({std::move(message)}, std::move(done)); });
}

Result<Message> ActNow(SqlcipherStore& store, MessageAction action) {
  return Wait<Message>([&](auto done) { store.Act(std::move(action), std::move(done)); });
}

Message TestMessage(const std::string& conversation, Sequence sequence,
                    const std::string& content) {
  Message message;
  message.id = MessageId(conversation + "/" + std::to_string(sequence));
  message.conversation = ConversationId(conversation);
  message.role = Role::kUser;
  message.content = content;
  message.sequence = sequence;
  message.revision = 1;
  return message;
}

ApplySummary TestSummary(const std::string& conversation, Sequence last) {
  ApplySummary summary;
  summary.summary.id = ConversationId(conversation);
  summary.summary.title = "Title of " + conversation;
  summary.summary.last_sequence = last;
  summary.summary.message_count = last;
  return summary;
}

std::map<std::string, std::string> ReadFolder(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    files.emplace(entry.path().filename().string(), test::ReadBytes(entry.path()));
  }
  return files;
}

}  // namespace hark::store
