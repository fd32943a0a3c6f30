// Damages copies of a store in every way there is, opens each, and looks at what is left.
//
//   damage_images [--images N] [--seed S] [--kind TEXT]
//
// For each image: the damage is seen (at opening, by Verify(), or before by what arrived); the
// store becomes READY and takes writes; no row has wrong content; of the rows on undamaged pages at
// least 99 % are there (those of authored.db: all); what was damaged is set aside, not deleted.
// Exit code 1: some image failed.

#include <algorithm>
#include <cstdio>
#include <future>
#include <iostream>
#include <map>
#include <optional>
#include <string>

#include <stdlib.h>

#include "daemon/base/log.h"
#include "tests/damage/kinds.h"
#include "tests/damage/late_writes.h"
#include "tests/damage/safe_rows.h"
#include "tests/damage/world.h"
#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/store_calls.h"

namespace hark::damage {
namespace {

constexpr double kSalvagedShare = 0.99;

struct Tally {
  int images = 0;
  int failures = 0;
  std::uint64_t safe_rows = 0;  // On undamaged pages.
  std::uint64_t lost_rows = 0;  // Of these.
};

bool SameContent(const Message& a, const Message& b) {
  return a.id == b.id && a.conversation == b.conversation && a.content == b.content &&
         a.metadata == b.metadata && a.content_type == b.content_type && a.role == b.role &&
         a.sequence == b.sequence && a.revision == b.revision && a.deleted == b.deleted &&
         a.created_at == b.created_at;
}

class Examination {
 public:
  Examination(const Image& image, Tally& tally)
      : image_(image), tally_(tally), cache_(image, false), authored_(image, true) {}

  // Empty: as it has to be.
  std::string Run();

 private:
  std::string Open();
  // Sets aside what only Verify() sees.
  std::string VerifyAndRepair();
  bool WaitForItsOwnRepair();
  std::string ReadCache();
  std::string ReadAuthored();
  std::string ReadDrafts();
  std::string ReadViewStates();
  std::string ReadPages();
  std::string Write();
  std::string LookAside() const;

  const Image& image_;
  Tally& tally_;
  SafeRows cache_;
  SafeRows authored_;
  SystemClock clock_;
  std::string damaged_bytes_;
  std::unique_ptr<store::SqlcipherStore> store_;
  bool seen_ = false;
  bool seen_at_opening_ = false;
};

std::string Examination::Run() {
  if (image_.late && !image_.late->wrong.empty()) return image_.late->wrong;
  damaged_bytes_ =
      test::ReadBytes(image_.folder / (image_.kind.authored ? "authored.db" : "cache.db"));
  for (auto step : {&Examination::Open, &Examination::VerifyAndRepair, &Examination::ReadCache,
                    &Examination::ReadAuthored, &Examination::ReadDrafts,
                    &Examination::ReadViewStates, &Examination::ReadPages, &Examination::Write}) {
    if (std::string wrong = (this->*step)(); !wrong.empty()) return wrong;
  }
  return LookAside();
}

std::string Examination::Open() {
  auto opened = OpenStore(image_.folder, clock_);
  if (!opened) return "not READY: " + opened.error().message;
  store_ = *std::move(opened);
  seen_at_opening_ = store_->LastRepair().any();
  seen_ = seen_at_opening_ || (image_.late && image_.late->noticed);
  return {};
}

std::string Examination::VerifyAndRepair() {
  const auto verdict = store_->Verify();
  if (!verdict.authored.good()) return "authored.db is still damaged";
  if (!verdict.cache.good()) {
    seen_ = true;
    const LocalRevision before = store_->CurrentRevision();
    const auto report = store::WaitFor<store::RepairReport>(
        [&](auto done) { store_->SetCacheAside("found by Verify()", std::move(done)); });
    if (report) {
      if (store_->CurrentRevision() <= before) return "the revision did not rise";
    } else if (!WaitForItsOwnRepair()) {
      return "not repaired: " + report.error().message;
    }
    if (!store_->Verify().good()) return "still damaged after the repair";
  }
  // Or by the writer, which merges the index when nobody waits.
  seen_ = seen_ || store_->LastRepair().any();
  if (!seen_ && !image_.hit.may_be_unnoticed) return "not detected";
  return {};
}

// The store noticed by itself and repairs already, between two turns of its writer.
bool Examination::WaitForItsOwnRepair() {
  constexpr int kMostTurns = 1'000;
  for (int turn = 0; turn < kMostTurns && !store_->LastRepair().any(); ++turn) {
    std::promise<void> turned;
    store_->TurnWriter([&turned] { turned.set_value(); });
    turned.get_future().wait();
  }
  return store_->LastRepair().any();
}

std::string Examination::ReadCache() {
  std::uint64_t safe = 0;
  std::uint64_t lost = 0;
  for (const auto& [id, versions] : image_.expected().messages) {
    const bool is_safe = cache_.Contains(id);
    safe += is_safe ? 1 : 0;
    const auto found = store_->ReadMessage(id);
    if (!found && found.error().code != ErrorCode::kNotFound)
      return "a read failed: " + found.error().message;
    if (!found) {
      lost += is_safe ? 1 : 0;
      continue;
    }
    // Where the log is lost, an earlier version is what is left.
    const bool right = std::any_of(versions.begin(), versions.end(), [&](const Message& version) {
      return SameContent(version, *found);
    });
    if (!right) return "wrong content of " + id.value();
    if (is_safe && !SameContent(versions.back(), *found)) return "an old version of " + id.value();
  }
  tally_.safe_rows += safe;
  tally_.lost_rows += lost;
  if (static_cast<double>(safe - lost) < kSalvagedShare * static_cast<double>(safe))
    return std::to_string(lost) + " of " + std::to_string(safe) + " undamaged rows lost";
  return {};
}

std::string Examination::ReadAuthored() {
  std::size_t found = 0;
  for (const auto& [id, expected] : image_.expected().sends) {
    const auto message = store_->ReadMessage(id);
    if (message) {
      ++found;
      if (!SameContent(expected, *message)) return "wrong content of a send";
    } else if (!image_.kind.authored || authored_.Contains(id)) {
      return "a send is lost";
    }
  }
  const auto outbox = store_->ReadOutbox();
  if (!outbox || outbox->entries.size() != found) return "the outbox does not fit its sends";
  return {};
}

std::string Examination::ReadDrafts() {
  const auto read = store_->ReadDrafts();
  if (!read) return "the drafts cannot be read: " + read.error().message;
  std::map<ConversationId, Draft> found;
  for (const Draft& draft : *read) found.emplace(draft.conversation, draft);
  for (const auto& [id, versions] : image_.expected().drafts) {
    const bool is_safe = !image_.kind.authored || authored_.Contains(DraftKey(id.value()));
    const auto draft = found.find(id);
    if (draft == found.end()) {
      if (is_safe) return "a draft is lost";
      continue;
    }
    // Where the log is lost, an earlier one is what is left.
    if (std::find(versions.begin(), versions.end(), draft->second) == versions.end())
      return "a draft that nobody wrote";
    if (is_safe && draft->second != versions.back()) return "an old draft";
    found.erase(draft);
  }
  return found.empty() ? "" : "a draft from nowhere";
}

std::string Examination::ReadViewStates() {
  for (const auto& [key, versions] : image_.expected().view_states) {
    const auto& [conversation, ui] = key;
    const bool is_safe =
        !image_.kind.authored || authored_.Contains(ViewKey(conversation.value(), ui));
    const auto state = store_->ReadViewState(conversation, ui);
    if (!state) return "a view state cannot be read: " + state.error().message;
    if (!*state) {
      if (is_safe) return "a view state is lost";
      continue;
    }
    if (std::find(versions.begin(), versions.end(), **state) == versions.end())
      return "a view state that nobody set";
    if (is_safe && **state != versions.back()) return "an old view state";
  }
  return {};
}

// What a UI would see: no page fails, none shows what was never written, none is without a gap
// where something is missing.
std::string Examination::ReadPages() {
  store::ConversationQuery query;
  query.limit = 200;
  const auto list = store_->ListConversations(query);
  if (!list) return "the list cannot be read: " + list.error().message;
  for (const Conversation& conversation : list->conversations) {
    std::optional<MessageId> before;
    Sequence below = conversation.last_sequence + 1;
    while (true) {
      const auto page = store_->ReadPage({conversation.id, before, 200});
      if (!page) return "a page cannot be read: " + page.error().message;
      if (page->gap_after) below = page->gap_after->from;
      for (auto message = page->messages.rbegin(); message != page->messages.rend(); ++message) {
        if (message->sequence == 0) continue;
        if (!image_.expected().messages.contains(message->id)) return "a message from nowhere";
        if (message->sequence + 1 != below) return "a hole without a gap";
        below = message->sequence;
      }
      if (!page->has_more || page->messages.empty() || page->gap_before) break;
      before = page->messages.front().id;
    }
  }
  return {};
}

std::string Examination::Write() {
  Message message;
  message.id = MessageId("018bcfe5-6800-7000-8000-0000000000ff");
  message.conversation = ConversationId("after the repair");
  message.content = "text";
  message.sequence = 1;
  message.revision = 1;
  if (!ApplyNow(*store_, {{store::ApplyMessage{message}}})) return "takes no writes";
  message.id = MessageId("018bcfe5-6800-7000-8000-0000000000fe");
  if (!SendNow(*store_, message)) return "takes no sends";
  const LocalRevision revision = store_->CurrentRevision();
  store_->Close();
  store_.reset();
  auto again = OpenStore(image_.folder, clock_);
  if (!again) return "does not open again: " + again.error().message;
  if ((*again)->LastRepair().any()) return "repaired twice";
  if ((*again)->CurrentRevision() <= revision) return "the revision went back";
  return {};
}

// The damaged file, byte for byte if it was not opened before.
std::string Examination::LookAside() const {
  if (!seen_ || damaged_bytes_.empty()) return {};
  const std::string name = image_.kind.authored ? "authored.db" : "cache.db";
  for (const auto& entry : fs::recursive_directory_iterator(image_.folder / "set-aside")) {
    if (entry.path().filename() == name &&
        (!seen_at_opening_ || test::ReadBytes(entry.path()) == damaged_bytes_))
      return {};
  }
  return "the damaged file is not set aside as it was";
}

struct Options {
  int images = 1'000;
  std::uint64_t seed = 1;
  std::string kind;
  std::optional<int> only;
};

int Run(const Options& options, const fs::path& folder) {
  std::cout << "seed " << options.seed << ", " << options.images << " images\n";
  const World world = MakeWorld(folder, options.seed);
  std::cout << "the store: " << world.at_close.messages.size() << " messages, "
            << world.at_close.sends.size() << " sends, "
            << fs::file_size(world.closed / "cache.db") / 4'096 << " pages\n";
  std::vector<Kind> kinds = AllKinds();
  std::erase_if(
      kinds, [&](const Kind& kind) { return kind.name.find(options.kind) == std::string::npos; });
  std::map<std::string, Tally> tallies;
  int failures = 0;
  for (int i = 0; i < options.images; ++i) {
    if (options.only && i != *options.only) continue;
    const Kind& kind = kinds[static_cast<std::size_t>(i) % kinds.size()];
    std::mt19937_64 random(options.seed * 1'000'003 + static_cast<std::uint64_t>(i));
    const fs::path copy = folder / "image";
    fs::remove_all(copy);
    fs::copy(kind.killed ? world.killed : world.closed, copy, fs::copy_options::recursive);
    const Hit hit = kind.damage(world, copy, random);
    Image image{world, kind, hit, copy};
    if (kind.late) image.late = WriteLate(copy, image.expected(), random);
    Tally& tally = tallies[kind.name];
    ++tally.images;
    const std::string wrong = Examination(image, tally).Run();
    if (wrong.empty()) continue;
    ++failures;
    ++tally.failures;
    std::cout << "image " << i << " (" << kind.name << "): " << wrong
              << "\n  again: tools/dev damage --seed " << options.seed << " --only " << i
              << (options.kind.empty() ? "" : " --kind ") << options.kind << std::endl;
    fs::rename(copy, folder / ("failed-" + std::to_string(i)));
  }
  std::printf("\n%-34s %7s %9s %10s %6s\n", "kind", "images", "failures", "safe rows", "lost");
  for (const auto& [name, tally] : tallies) {
    std::printf("%-34s %7d %9d %10llu %6llu\n", name.c_str(), tally.images, tally.failures,
                static_cast<unsigned long long>(tally.safe_rows),
                static_cast<unsigned long long>(tally.lost_rows));
  }
  std::printf("images %d, failures %d", options.images, failures);
  if (failures == 0) std::printf("; at most %.4f with 95 %% confidence", 3.0 / options.images);
  std::printf("\n");
  if (failures > 0) std::cout << "the failed images are in " << folder << "\n";
  return failures == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--images") options.images = std::atoi(argv[i + 1]);
    if (name == "--seed") options.seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--kind") options.kind = argv[i + 1];
    if (name == "--only") options.only = std::atoi(argv[i + 1]);
  }
  if (options.only) options.images = *options.only + 1;
  if (options.images <= 0 || argc % 2 == 0) {
    std::cerr << "damage_images [--images N] [--seed S] [--kind TEXT] [--only IMAGE]\n";
    return 2;
  }
  log::Start(log::Level::kOff);
  test::ScratchFolder folder(test::ScratchFolder::Place::kTemporary);
  const int code = Run(options, folder.path());
  if (code != 0) folder.Keep();
  return code;
}

}  // namespace
}  // namespace hark::damage

int main(int argc, char** argv) {
  return hark::damage::Main(argc, argv);
}
