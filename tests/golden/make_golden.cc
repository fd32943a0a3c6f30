// Makes a golden store: FOLDER/cache.db, FOLDER/authored.db and FOLDER/expected.txt. See README.md.
//
//   make_golden FOLDER         of this program's schema
//   make_golden FOLDER OLDER   of the number that the folder is named after: the golden store
//   OLDER,
//                              brought to it by this program's steps
//
// FOLDER must not exist.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/store/schema_upgrade.h"
#include "daemon/store/sqlcipher_store.h"
#include "tests/golden/describe.h"
#include "tests/support/store_calls.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kStart = 1'700'000'000'000;

WallTime At(std::int64_t seconds) {
  return WallTime(std::chrono::milliseconds(kStart + seconds * 1'000));
}

// Stands still, so that the same store is made each time.
class StandingClock final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override { return Instant{}; }
  [[nodiscard]] WallTime WallNow() const override { return At(100'000); }
};

std::string Uuid(int number) {
  std::string text = "018bcfe5-6800-7000-8000-000000000000";
  const std::string digits = std::to_string(number);
  return text.replace(text.size() - digits.size(), digits.size(), digits);
}

Message MakeMessage(const char* conversation, Sequence sequence, int number, std::string content) {
  Message message;
  message.id = MessageId(Uuid(number));
  message.conversation = ConversationId(conversation);
  message.role = number % 2 == 0 ? Role::kAssistant : Role::kUser;
  message.content = std::move(content);
  message.created_at = At(number);
  message.sequence = sequence;
  message.revision = 1;
  return message;
}

ApplySummary MakeSummary(const char* id, const char* title, Sequence last, Sequence read,
                         GapReason reason) {
  ApplySummary summary;
  summary.summary.id = ConversationId(id);
  summary.summary.title = title;
  summary.summary.last_sequence = last;
  summary.summary.message_count = last;
  summary.summary.read_sequence = read;
  summary.summary.unread_count = last - read;
  summary.summary.last_activity_at = At(static_cast<std::int64_t>(last));
  summary.summary.preview = "A preview from the backend";
  summary.gap_reason = reason;
  return summary;
}

// A conversation that is here completely: texts of several scripts, an edit, a tombstone, metadata,
// a long message.
Batch Complete() {
  Batch batch;
  batch.operations.emplace_back(
      MakeSummary("complete", "Größe, 大きさ, حجم 🙂", 8, 3, GapReason::kNotFetched));
  ApplyHistory page;
  page.conversation = ConversationId("complete");
  page.from = 1;
  page.to = 8;
  page.messages.push_back(MakeMessage("complete", 1, 1, "Plain text."));
  page.messages.push_back(MakeMessage("complete", 2, 2, "Zeilen\nmit Umbrüchen\tund Tabs"));
  page.messages.push_back(
      MakeMessage("complete", 3, 3, "こんにちは世界 👩‍👩‍👧‍👦 e\xCC\x81"));
  page.messages.push_back(MakeMessage("complete", 4, 4, "**Bold** text"));
  page.messages.back().content_type = "text/markdown";
  page.messages.back().metadata = {{"model", "a"}, {"ключ", "значение"}, {"empty", ""}};
  page.messages.push_back(MakeMessage("complete", 5, 5, ""));
  page.messages.back().deleted = true;
  page.messages.back().revision = 2;
  page.messages.push_back(MakeMessage("complete", 6, 6, "Edited once."));
  page.messages.back().revision = 3;
  page.messages.back().edited_at = At(60);
  page.messages.push_back(MakeMessage("complete", 7, 7, std::string(20'000, 'l')));
  page.messages.back().server_id = page.messages.back().id.value();
  page.messages.push_back(MakeMessage("complete", 8, 8, "<p>Not a UUID</p>"));
  page.messages.back().id = MessageId("message:eight");
  page.messages.back().server_id = "server/8";
  page.messages.back().content_type = "application/x-hark";
  page.messages.back().role = Role::kSystem;
  batch.operations.emplace_back(std::move(page));
  return batch;
}

// Gaps of every reason: messages 11 to 20 of 30 of "gaps" are here, below them one kind, above
// another; two conversations have nothing but a gap.
Batch Gaps() {
  Batch batch;
  batch.operations.emplace_back(MakeSummary("gaps", "Gaps", 10, 10, GapReason::kEvicted));
  for (int i = 11; i <= 20; ++i) {
    batch.operations.emplace_back(
        ApplyMessage{MakeMessage("gaps", static_cast<Sequence>(i), 100 + i, "In the middle")});
  }
  batch.operations.emplace_back(MakeSummary("gaps", "Gaps", 30, 12, GapReason::kLimited));
  batch.operations.emplace_back(
      MakeSummary("not-fetched", "Never fetched", 40, 0, GapReason::kNotFetched));
  batch.operations.emplace_back(MakeSummary("evicted", "Evicted", 7, 7, GapReason::kEvicted));
  batch.operations.emplace_back(MakeSummary("empty", "", 0, 0, GapReason::kNotFetched));
  batch.operations.emplace_back(SetCursor{{"epoch-1", 4'711}});
  batch.operations.emplace_back(SetSynced{At(90'000), true});
  return batch;
}

template <typename T>
void Must(const Result<T>& result) {
  if (result) return;
  std::cerr << result.error().message << "\n";
  std::exit(1);
}

void Apply(SqlcipherStore& store, Batch batch) {
  Must(ApplyNow(store, std::move(batch)));
}

void Send(SqlcipherStore& store, Message message) {
  Must(SendNow(store, std::move(message)));
}

// Sends that wait, one that was refused and one behind it, a marker, and what was open.
void Author(SqlcipherStore& store) {
  Message queued = MakeMessage("complete", 0, 201, "Waiting: жду 🕰");
  queued.metadata = {{"draft", "1"}};
  queued.content_type = "text/markdown";
  Send(store, std::move(queued));
  Send(store, MakeMessage("gaps", 0, 203, "Refused"));
  Send(store, MakeMessage("gaps", 0, 205, "Behind the refused one"));
  Send(store, MakeMessage("empty", 0, 207, std::string(5'000, 'q')));
  Apply(store, {{MarkSending{{1, 2}}, FailEntry{2, {"TOO_LARGE", "The message is too large."}}}});
  Must(WaitFor<Conversation>([&](auto done) {
    store.MarkRead({ConversationId("complete"), MessageId(Uuid(6))}, std::move(done));
  }));
  int minutes = 0;
  for (const char* id : {"complete", "evicted", "gaps"}) {
    ++minutes;
    Must(WaitFor<LocalRevision>([&](auto done) {
      store.RecordOpen(ConversationId(id), At(90'000 + 60 * minutes), std::move(done));
    }));
  }
}

// Drafts, one of them cleared, and where a UI stood in the conversation of each.
void LeaveLyingAbout(SqlcipherStore& store) {
  UserStateChanges changes;
  changes.drafts.push_back(
      {ConversationId("complete"), "Halb geschrieben: 途中 ✍", 11, At(95'000)});
  changes.drafts.push_back({ConversationId("gaps"), std::string(9'000, 'd'), 12, At(95'060)});
  changes.drafts.push_back({ConversationId("empty"), "", 13, At(95'120)});
  changes.view_states.push_back(
      {ConversationId("complete"), "golden", MessageId(Uuid(4)), -17, false, 4, At(95'000)});
  changes.view_states.push_back(
      {ConversationId("gaps"), "golden", MessageId("message:gone"), 3, false, 5, At(95'060)});
  changes.view_states.push_back(
      {ConversationId("empty"), "golden", MessageId(), 0, true, 0, At(95'120)});
  Must(SaveNow(store, std::move(changes)));
}

std::unique_ptr<SqlcipherStore> OpenAt(const fs::path& folder, const Clock& clock) {
  StoreOptions options;
  options.folder = folder;
  options.cache_key = Secret(std::string(kGoldenKeyBytes, kGoldenCacheKey));
  options.authored_key = Secret(std::string(kGoldenKeyBytes, kGoldenAuthoredKey));
  options.clock = &clock;
  auto store = SqlcipherStore::Open(std::move(options));
  if (store) return *std::move(store);
  std::cerr << store.error().message << "\n";
  std::exit(1);
}

// Leaves what a golden store is made of: no notes, logs or backups.
void Strip(const fs::path& folder) {
  const std::set<std::string> kept = {"cache.db", "authored.db", "expected.txt"};
  const std::vector<fs::directory_entry> entries(fs::directory_iterator(folder), {});
  for (const fs::directory_entry& entry : entries) {
    if (!kept.contains(entry.path().filename())) fs::remove_all(entry.path());
  }
}

void Make(const fs::path& folder) {
  const StandingClock clock;
  {
    const auto store = OpenAt(folder, clock);
    Apply(*store, Complete());
    Apply(*store, Gaps());
    Author(*store);
    LeaveLyingAbout(*store);
    store->Close();
  }
  Strip(folder);
  // As the next program finds it: what was on its way is in doubt then. The files stay as they are.
  const fs::path copy = folder.string() + ".opened";
  fs::copy(folder, copy);
  std::ofstream(folder / "expected.txt") << Describe(*OpenAt(copy, clock));
  fs::remove_all(copy);
}

std::vector<Migration> UpTo(std::vector<Migration> steps, std::int64_t number) {
  std::erase_if(steps, [number](const Migration& step) { return step.version > number; });
  return steps;
}

int MakeOf(const fs::path& older, const fs::path& folder) {
  fs::create_directory(folder);
  fs::permissions(folder, fs::perms::owner_all);
  for (const char* name : {"cache.db", "authored.db", "expected.txt"})
    fs::copy_file(older / name, folder / name);
  const Secret cache_key(std::string(kGoldenKeyBytes, kGoldenCacheKey));
  const Secret authored_key(std::string(kGoldenKeyBytes, kGoldenAuthoredKey));
  const std::int64_t number = std::stoll(folder.filename());
  const auto cache_steps = UpTo(CacheMigrations(), number);
  const auto authored_steps = UpTo(AuthoredMigrations(), number);
  const auto done =
      UpgradeSchemas(StoreFiles(folder), {cache_key, authored_key}, {cache_steps, authored_steps});
  if (!done) {
    std::cerr << done.error().message << "\n";
    return 1;
  }
  Strip(folder);
  return 0;
}

}  // namespace
}  // namespace hark::store

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::cerr << "make_golden FOLDER [OLDER]\n";
    return 2;
  }
  if (std::filesystem::exists(argv[1])) {
    std::cerr << "the folder exists\n";
    return 1;
  }
  if (argc == 3) return hark::store::MakeOf(argv[2], argv[1]);
  hark::store::Make(argv[1]);
  return 0;
}
