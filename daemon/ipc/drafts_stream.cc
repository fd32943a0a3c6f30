#include "daemon/ipc/drafts_stream.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "hark/v1/drafts.pb.h"

#include "daemon/ipc/convert_user_state.h"
#include "daemon/ipc/status.h"
#include "daemon/ipc/stream_call.h"
#include "daemon/ipc/tokens.h"

namespace hark::ipc {
namespace {

// Tells a token of this stream, which holds a version of drafts, from one that holds a revision.
constexpr std::string_view kTokenPrefix = "d1.";

std::unique_ptr<v1::WatchDraftsResponse> NewEvent(const std::string& store_id,
                                                  std::uint64_t version) {
  auto event = std::make_unique<v1::WatchDraftsResponse>();
  event->set_version(version);
  event->set_resume_token(std::string(kTokenPrefix) + ResumeToken(store_id, version));
  return event;
}

std::optional<std::uint64_t> ParseToken(std::string_view token, const std::string& store_id) {
  if (!token.starts_with(kTokenPrefix)) return std::nullopt;
  return ParseResumeToken(token.substr(kTokenPrefix.size()), store_id);
}

}  // namespace

Result<ByteStream*> DraftsStream::Start(StreamRegistry& registry,
                                        std::shared_ptr<account::OpenAccount> account,
                                        std::optional<ConversationId> conversation,
                                        std::string_view resume_token) {
  const auto stream =
      Registered(registry, std::unique_ptr<DraftsStream>(new DraftsStream(
                               registry, std::move(account), std::move(conversation))));
  if (!stream) return tl::unexpected(stream.error());
  (*stream)->Begin(resume_token);
  return *stream;
}

void DraftsStream::Begin(std::string_view resume_token) {
  closing_ = account_->bus()->Subscribe(this);
  account::UserState& state = account_->user_state();
  // Listening comes before reading: what changes in between is told of, and read.
  subscription_ = state.WatchDrafts(
      [this](const ConversationId& id, std::uint64_t version) { OnDraft(id, version); });
  const auto resumed = ParseToken(resume_token, account_->reader().StoreId());
  std::optional<account::DraftList> missed;
  if (resumed) {
    if (auto since = state.ListDraftsSince(*resumed, conversation_)) missed = *std::move(since);
  }
  if (!resumed || !missed) return BeginWithPrepare();
  {
    const std::lock_guard lock(mutex());
    known_ = resumed;
    if (!missed->drafts.empty()) wanted_ = std::max(wanted_, missed->drafts.back().version);
  }
  auto event = NewEvent(account_->reader().StoreId(), *resumed);
  event->mutable_resumed();
  BeginWith(std::move(event));
}

void DraftsStream::OnDraft(const ConversationId& conversation, std::uint64_t version) {
  if (conversation_ && conversation != *conversation_) return;
  {
    const std::lock_guard lock(mutex());
    wanted_ = std::max(wanted_, version);
  }
  Pump();
}

StreamReactor::Work DraftsStream::NextWork() {
  if (known_ && wanted_ <= *known_) return Idle{};
  return ReadFirst{};
}

Result<StreamReactor::Event> DraftsStream::Prepare() {
  std::optional<std::uint64_t> known;
  {
    const std::lock_guard lock(mutex());
    known = known_;
  }
  account::UserState& state = account_->user_state();
  account::DraftList list;
  bool is_delta = false;
  if (known) {
    auto since = state.ListDraftsSince(*known, conversation_);
    if (!since) return tl::unexpected(std::move(since.error()));
    is_delta = since->has_value();
    if (is_delta) list = **std::move(since);
  }
  if (!is_delta) {
    auto all = state.ListDrafts(conversation_);
    if (!all) return tl::unexpected(std::move(all.error()));
    list = *std::move(all);
  }
  auto event = NewEvent(account_->reader().StoreId(), list.version);
  auto* drafts = is_delta ? event->mutable_delta()->mutable_changed()
                          : event->mutable_snapshot()->mutable_drafts();
  for (const Draft& draft : list.drafts) ToProto(draft, drafts->Add());
  const std::lock_guard lock(mutex());
  known_ = list.version;
  return event;
}

void DraftsStream::Detach() {
  subscription_.reset();
  closing_.reset();
  account_.reset();
}

void DraftsStream::OnClosed(const Error& why) {
  End(ToStreamStatus(why));
}

}  // namespace hark::ipc
