#include "tests/damage/late_writes.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/store/writer.h"
#include "tests/damage/author.h"

namespace hark::damage {
namespace {

using store::SqlcipherStore;

constexpr int kRounds = 8;
constexpr int kEdited = 12;
constexpr int kAppended = 4;
// What merging a few rounds takes; it is tried again for ever where the damage is in its way.
constexpr int kMostIdleSlices = 100;

bool Apply(SqlcipherStore& store, const std::vector<Message>& messages) {
  store::Batch batch;
  for (const Message& message : messages)
    batch.operations.emplace_back(store::ApplyMessage{message});
  bool stored = false;
  store.Apply(std::move(batch), [&stored](const auto& result) { stored = result.has_value(); });
  store.RunWriter();
  return stored;
}

// A row on a damaged page may be refused or missed, and never be another than it was.
std::string WrongContent(SqlcipherStore& store, const Expected& expected) {
  for (const auto& [id, versions] : expected.messages) {
    const auto found = store.ReadMessage(id);
    if (found && std::none_of(versions.begin(), versions.end(), [&](const Message& version) {
          return version.content == found->content;
        }))
      return "wrong content of " + id.value() + " before the damage was noticed";
  }
  return {};
}

}  // namespace

Late WriteLate(const fs::path& folder, const Expected& before, std::mt19937_64& random) {
  Late late;
  late.expected = before;
  const SystemClock clock;
  auto opened = OpenStore(folder, clock, WriterRuns::kByHand);
  if (!opened) {
    late.wrong = "not READY: " + opened.error().message;
    return late;
  }
  const std::unique_ptr<SqlcipherStore> store = *std::move(opened);
  Author author(*store, late.expected, random);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Message> messages = author.Edited(kEdited);
    for (int i = 0; i < kAppended; ++i)
      messages.push_back(author.Next(static_cast<int>(random() % kConversations)));
    if (Apply(*store, messages)) {
      for (const Message& message : messages) {
        author.Note(message);
        late.stored.insert(message.id);
      }
    }
    for (int slice = 0; slice < kMostIdleSlices && store->RunIdleWriter(); ++slice) {
    }
  }
  late.wrong = WrongContent(*store, late.expected);
  store->RunWriter();  // What reading found may be under repair.
  late.noticed = store->LastRepair().any();
  const bool killed = random() % 2 == 0;
  const fs::path as_killed = folder.string() + "-killed";
  if (killed) fs::copy(folder, as_killed, fs::copy_options::recursive);
  store->Close();
  if (killed) {
    fs::remove_all(folder);
    fs::rename(as_killed, folder);
  }
  return late;
}

}  // namespace hark::damage
