// What the person writes and does not send, and that none of it is lost that was promised.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "tests/sim/world.h"

namespace hark::sim {
namespace {

// What a crash may cost.
constexpr std::chrono::milliseconds kMayBeLost{500};

}  // namespace

void World::Draft() {
  account::DraftChange change;
  change.conversation = SomeConversation();
  const auto present = user_state_->GetDraft(change.conversation);
  if (!present) return;  // The disk.
  // Sometimes from a window that has not seen the newest one.
  const bool is_stale = present->version > 0 && Chance(200);
  change.base_version = is_stale ? present->version - 1 : present->version;
  if (!Chance(200)) change.text = "draft " + std::to_string(++written_);
  change.flush = Chance(300);
  const bool flushes = change.flush;
  const bool changes = change.text != present->text;
  Written written{change.text, time_.Now(), disk_.counts().failed};
  const ConversationId conversation = change.conversation;
  user_state_->SetDraft(std::move(change), [=, this](const Result<account::DraftOutcome>& set) {
    if (!set) return;
    if (set->conflict != (is_stale && changes)) complaint_ = "the wrong draft won";
    if (flushes && !set->conflict) {
      std::uint64_t& promised = flushed_[conversation];
      promised = std::max(promised, set->draft.version);
    }
  });
  const auto now = user_state_->GetDraft(conversation);
  if (now && now->version > present->version)
    drafts_[conversation].emplace(now->version, std::move(written));
}

void World::NoteDraftsBeforeCrash() {
  for (const auto& [conversation, versions] : drafts_) {
    for (const auto& [version, written] : versions) {
      // With a disk that failed meanwhile it may be later.
      const bool is_old = written.at + kMayBeLost <= time_.Now();
      if (!is_old || written.failed != disk_.counts().failed) continue;
      std::uint64_t& promised = flushed_[conversation];
      promised = std::max(promised, version);
    }
  }
}

std::string World::CheckDrafts(bool quiet) {
  const auto list = store_->ReadDrafts();
  if (!list) return quiet ? list.error().message : std::string();
  std::map<ConversationId, hark::Draft> on_disk;
  for (const hark::Draft& draft : *list) on_disk.emplace(draft.conversation, draft);
  for (const auto& [conversation, versions] : drafts_) {
    const hark::Draft draft = on_disk[conversation];
    if (draft.version < flushed_[conversation]) return "a draft is lost: " + conversation.value();
    const auto written = versions.find(draft.version);
    if (draft.version > 0 && (written == versions.end() || written->second.text != draft.text))
      return "a draft that nobody wrote: " + conversation.value();
    if (!quiet) continue;
    const auto shown = user_state_->GetDraft(conversation);
    if (!shown || shown->version != draft.version) return "a draft was never written";
    const auto listed = store_->GetConversation(conversation);
    if (listed && listed->has_draft == draft.text.empty()) return "the list is wrong about a draft";
  }
  return {};
}

}  // namespace hark::sim
