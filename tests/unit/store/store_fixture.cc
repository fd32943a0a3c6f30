#include "tests/unit/store/store_fixture.h"

#include <cstdlib>
#include <utility>

namespace hark::store {
namespace {

namespace fs = std::filesystem;

}  // namespace

StoreOptions StoreFixture::Options(const fs::path& folder, const std::string& cache_key,
                                   const std::string& authored_key) const {
  StoreOptions options;
  options.folder = folder;
  options.cache_key = Secret(std::string(cache_key));
  options.authored_key = Secret(std::string(authored_key));
  options.clock = &clock_;
  options.boot_id = boot_id_;
  return options;
}

Result<std::unique_ptr<SqlcipherStore>> StoreFixture::TryOpen(const fs::path& folder,
                                                              const std::string& cache_key,
                                                              const std::string& authored_key) {
  return SqlcipherStore::Open(Options(folder, cache_key, authored_key));
}

std::unique_ptr<SqlcipherStore> StoreFixture::OpenByHand() {
  StoreOptions options = Options(folder());
  options.writes_by_hand = true;
  auto opened = SqlcipherStore::Open(std::move(options));
  return opened ? *std::move(opened) : nullptr;
}

std::unique_ptr<SqlcipherStore> StoreFixture::Open(const fs::path& folder) {
  auto store = TryOpen(folder);
  if (!store) {
    ADD_FAILURE() << store.error().message;
    std::abort();
  }
  return *std::move(store);
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
