#include "client-sdk/src/convert.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace hark::client {
namespace {

// Years 1 to 9999, the range of a protobuf timestamp; others would overflow the sums below.
constexpr std::int64_t kFirstSecond = -62'135'596'800;
constexpr std::int64_t kLastSecond = 253'402'300'799;

Time ToTime(const google::protobuf::Timestamp& from) {
  return FromProto(from);
}

template <typename From, typename To>
void Append(const From& from, std::vector<To>& to) {
  to.reserve(static_cast<std::size_t>(from.size()));
  for (const auto& item : from) to.push_back(FromProto(item));
}

Delivery ToDelivery(v1::DeliveryState from) {
  switch (static_cast<int>(from)) {
    case v1::DELIVERY_STATE_QUEUED: return Delivery::kQueued;
    case v1::DELIVERY_STATE_SENDING: return Delivery::kSending;
    case v1::DELIVERY_STATE_SENT: return Delivery::kSent;
    case v1::DELIVERY_STATE_FAILED: return Delivery::kFailed;
    case v1::DELIVERY_STATE_UNKNOWN: return Delivery::kUnanswered;
    case v1::DELIVERY_STATE_EXPIRED: return Delivery::kExpired;
    case v1::DELIVERY_STATE_CANCELLED: return Delivery::kCancelled;
    default: return Delivery::kUnknown;
  }
}

DeliveryFailure ToFailure(const v1::DeliveryFailure& from) {
  DeliveryFailure to;
  to.reason = from.reason();
  to.message = from.message();
  to.can_retry = from.can_retry();
  to.retry_after = std::chrono::milliseconds(from.retry_after_ms());
  return to;
}

PendingChange ToChange(const v1::PendingChange& from) {
  PendingChange to;
  switch (static_cast<int>(from.kind())) {
    case v1::PendingChange::KIND_EDIT: to.kind = PendingChange::Kind::kEdit; break;
    case v1::PendingChange::KIND_DELETE: to.kind = PendingChange::Kind::kDelete; break;
    default: break;
  }
  to.delivery = ToDelivery(from.delivery());
  if (from.has_failure()) to.failure = ToFailure(from.failure());
  to.content = from.content();
  return to;
}

OutboxEntry ToEntry(const v1::OutboxEntry& from) {
  OutboxEntry to;
  to.position = from.position();
  switch (static_cast<int>(from.kind())) {
    case v1::OutboxEntry::KIND_SEND: to.kind = OutboxEntry::Kind::kSend; break;
    case v1::OutboxEntry::KIND_EDIT: to.kind = OutboxEntry::Kind::kEdit; break;
    case v1::OutboxEntry::KIND_DELETE: to.kind = OutboxEntry::Kind::kDelete; break;
    default: break;
  }
  to.conversation_id = from.conversation_id();
  to.message_id = from.message_id();
  to.delivery = ToDelivery(from.delivery());
  if (from.has_failure()) to.failure = ToFailure(from.failure());
  to.skipped = from.skipped();
  if (from.has_submitted_at()) to.submitted_at = ToTime(from.submitted_at());
  to.content_type = from.content_type();
  to.preview = from.preview();
  to.preview_cut = from.preview_cut();
  to.message_is_here = from.message_is_here();
  return to;
}

Gap ToGap(const v1::Gap& from) {
  Gap to;
  to.from_sequence = from.from_sequence();
  to.to_sequence = from.to_sequence();
  switch (static_cast<int>(from.reason())) {
    case v1::Gap::REASON_NOT_FETCHED: to.reason = Gap::Reason::kNotFetched; break;
    case v1::Gap::REASON_LIMITED: to.reason = Gap::Reason::kLimited; break;
    case v1::Gap::REASON_EVICTED: to.reason = Gap::Reason::kEvicted; break;
    default: break;
  }
  return to;
}

Freshness ToFreshness(const v1::Freshness& from) {
  Freshness to;
  to.revision = from.revision();
  if (from.has_as_of()) to.as_of = ToTime(from.as_of());
  to.live = from.live();
  return to;
}

LatencySummary ToLatency(const v1::LatencySummary& from) {
  // A duration of more than 292,000 years is a fault of the sender, not a reason to overflow.
  const auto microseconds = [](std::uint64_t value) {
    return std::chrono::microseconds(
        static_cast<std::int64_t>(std::min<std::uint64_t>(value, std::uint64_t{1} << 62U)));
  };
  LatencySummary to;
  to.count = from.count();
  to.p50 = microseconds(from.p50_us());
  to.p95 = microseconds(from.p95_us());
  to.p99 = microseconds(from.p99_us());
  to.max = microseconds(from.max_us());
  return to;
}

}  // namespace

Time FromProto(const google::protobuf::Timestamp& from) {
  const std::int64_t seconds = std::clamp(std::int64_t{from.seconds()}, kFirstSecond, kLastSecond);
  const std::int32_t nanos = std::clamp(std::int32_t{from.nanos()}, 0, 999'999'999);
  return Time(std::chrono::seconds(seconds) + std::chrono::microseconds(nanos / 1'000));
}

Role FromProto(v1::Role from) {
  switch (static_cast<int>(from)) {
    case v1::ROLE_USER: return Role::kUser;
    case v1::ROLE_ASSISTANT: return Role::kAssistant;
    case v1::ROLE_SYSTEM: return Role::kSystem;
    default: return Role::kUnknown;
  }
}

Message FromProto(const v1::Message& from) {
  Message to;
  to.id = from.id();
  to.conversation_id = from.conversation_id();
  to.role = FromProto(from.role());
  to.content = from.content();
  to.content_type = from.content_type();
  to.metadata.insert(from.metadata().begin(), from.metadata().end());
  if (from.has_created_at()) to.created_at = ToTime(from.created_at());
  if (from.has_edited_at()) to.edited_at = ToTime(from.edited_at());
  to.sequence = from.sequence();
  to.revision = from.revision();
  to.server_id = from.server_id();
  to.deleted = from.deleted();
  to.delivery = ToDelivery(from.delivery());
  if (from.has_failure()) to.failure = ToFailure(from.failure());
  if (from.has_pending_change()) to.pending_change = ToChange(from.pending_change());
  return to;
}

Conversation FromProto(const v1::Conversation& from) {
  Conversation to;
  to.id = from.id();
  to.title = from.title();
  if (from.has_last_activity_at()) to.last_activity_at = ToTime(from.last_activity_at());
  to.preview = from.preview();
  to.unread_count = from.unread_count();
  to.read_sequence = from.read_sequence();
  to.last_sequence = from.last_sequence();
  to.message_count = from.message_count();
  to.pending_count = from.pending_count();
  to.failed_count = from.failed_count();
  switch (static_cast<int>(from.sync_state())) {
    case v1::Conversation::SYNC_STATE_COMPLETE: to.cache_state = CacheState::kComplete; break;
    case v1::Conversation::SYNC_STATE_PARTIAL: to.cache_state = CacheState::kPartial; break;
    default: break;
  }
  to.active = from.active();
  to.has_draft = from.has_draft();
  return to;
}

ConversationPage FromProto(const v1::ListConversationsResponse& from) {
  ConversationPage to;
  Append(from.conversations(), to.conversations);
  to.next_page_token = from.next_page_token();
  to.total_count = from.total_count();
  to.freshness = ToFreshness(from.freshness());
  return to;
}

MessagePage FromProto(const v1::ListMessagesResponse& from) {
  MessagePage to;
  Append(from.messages(), to.messages);
  to.has_more = from.has_more();
  to.has_more_after = from.has_more_after();
  to.total_count = from.total_count();
  if (from.has_gap_before()) to.gap_before = ToGap(from.gap_before());
  if (from.has_gap_after()) to.gap_after = ToGap(from.gap_after());
  to.freshness = ToFreshness(from.freshness());
  return to;
}

OutboxPage FromProto(const v1::ListOutboxResponse& from) {
  OutboxPage to;
  for (const v1::OutboxEntry& entry : from.entries()) to.entries.push_back(ToEntry(entry));
  to.next_page_token = from.next_page_token();
  to.total_count = from.total_count();
  to.freshness = ToFreshness(from.freshness());
  return to;
}

SearchPage FromProto(const v1::SearchMessagesResponse& from) {
  SearchPage to;
  for (const v1::SearchResult& result : from.results()) {
    SearchHit hit;
    hit.message_id = result.message_id();
    hit.conversation_id = result.conversation_id();
    hit.conversation_title = result.conversation_title();
    hit.role = FromProto(result.role());
    if (result.has_created_at()) hit.created_at = ToTime(result.created_at());
    hit.sequence = result.sequence();
    hit.delivery = ToDelivery(result.delivery());
    hit.snippet = result.snippet();
    for (const v1::SnippetRange& range : result.highlights()) {
      // What a UI cuts out with these must be there.
      const std::size_t start = range.start();
      if (start <= hit.snippet.size() && range.length() <= hit.snippet.size() - start)
        hit.highlights.push_back({start, range.length()});
    }
    hit.cut_before = result.cut_before();
    hit.cut_after = result.cut_after();
    to.hits.push_back(std::move(hit));
  }
  to.next_page_token = from.next_page_token();
  if (from.has_total_count()) to.total_count = from.total_count();
  to.index_complete = from.index().complete();
  to.indexed = from.index().indexed();
  to.to_index = from.index().total();
  to.freshness = ToFreshness(from.freshness());
  return to;
}

SyncStatus FromProto(const v1::SyncStatus& from) {
  SyncStatus to;
  switch (static_cast<int>(from.state())) {
    case v1::SyncStatus::STATE_SIGNED_OUT: to.state = SyncStatus::State::kSignedOut; break;
    case v1::SyncStatus::STATE_OFFLINE: to.state = SyncStatus::State::kOffline; break;
    case v1::SyncStatus::STATE_CONNECTING: to.state = SyncStatus::State::kConnecting; break;
    case v1::SyncStatus::STATE_CATCHING_UP: to.state = SyncStatus::State::kCatchingUp; break;
    case v1::SyncStatus::STATE_LIVE: to.state = SyncStatus::State::kLive; break;
    case v1::SyncStatus::STATE_AUTH_REQUIRED: to.state = SyncStatus::State::kAuthRequired; break;
    case v1::SyncStatus::STATE_DEGRADED: to.state = SyncStatus::State::kDegraded; break;
    default: break;
  }
  if (from.has_since()) to.since = ToTime(from.since());
  to.reason = from.reason();
  to.trouble = FromProto(from.trouble());
  if (from.has_progress())
    to.progress = SyncStatus::Progress{from.progress().done(), from.progress().total()};
  to.initial = from.initial();
  if (from.has_next_attempt_at()) to.next_attempt_at = ToTime(from.next_attempt_at());
  if (from.has_last_synced_at()) to.last_synced_at = ToTime(from.last_synced_at());
  to.pending_count = from.pending_count();
  return to;
}

AccountInfo FromProto(const v1::AccountInfo& from) {
  AccountInfo to;
  switch (static_cast<int>(from.state())) {
    case v1::AccountInfo::STATE_NONE: to.state = AccountInfo::State::kNone; break;
    case v1::AccountInfo::STATE_SIGNED_IN: to.state = AccountInfo::State::kSignedIn; break;
    case v1::AccountInfo::STATE_SIGNED_OUT: to.state = AccountInfo::State::kSignedOut; break;
    case v1::AccountInfo::STATE_AUTH_REQUIRED: to.state = AccountInfo::State::kAuthRequired; break;
    default: break;
  }
  to.user_id = from.user_id();
  to.backend_url = from.backend_url();
  return to;
}

VersionInfo FromProto(const v1::GetVersionResponse& from) {
  VersionInfo to;
  to.version = from.version();
  to.api_major = from.api_major();
  to.api_minor = from.api_minor();
  to.capabilities.assign(from.capabilities().begin(), from.capabilities().end());
  to.cipher_version = from.cipher_version();
  to.process_id = from.process_id();
  if (from.has_started_at()) to.started_at = ToTime(from.started_at());
  to.data_dir = from.data_dir();
  return to;
}

RetentionPreview FromProto(const v1::PreviewRetentionResponse& from) {
  RetentionPreview to;
  to.days = from.days();
  to.max_bytes = from.max_bytes();
  to.messages = from.messages();
  to.bytes = from.bytes();
  to.conversations = from.conversations();
  if (from.has_oldest_at()) to.oldest_at = ToTime(from.oldest_at());
  for (const auto& item : from.items()) {
    to.items.push_back({item.conversation_id(), item.messages(), item.bytes(),
                        ToTime(item.oldest_at()), ToTime(item.before())});
  }
  for (const auto& item : from.overrides()) {
    to.overrides.push_back({item.conversation_id(), item.days()});
  }
  return to;
}

RetentionOutcome FromProto(const v1::RunRetentionResponse& from) {
  return {from.messages(), from.bytes_before(), from.bytes_after()};
}

Statistics FromProto(const v1::GetStatisticsResponse& from) {
  Statistics to;
  to.conversations = from.conversations();
  to.messages = from.messages();
  to.outbox = from.outbox();
  to.gaps = from.gaps();
  to.cache_bytes = from.cache_bytes();
  to.authored_bytes = from.authored_bytes();
  to.page_hits = from.page_hits();
  to.page_misses = from.page_misses();
  to.page_read = ToLatency(from.page_read());
  to.durable_send = ToLatency(from.durable_send());
  to.apply = ToLatency(from.apply());
  to.sync = ToLatency(from.sync());
  to.connects = from.connects();
  to.disconnects = from.disconnects();
  to.streams = from.streams();
  return to;
}

ConversationsSnapshot FromProto(const v1::WatchConversationsResponse::Snapshot& from) {
  ConversationsSnapshot to;
  Append(from.conversations(), to.conversations);
  to.total_count = from.total_count();
  return to;
}

ConversationsDelta FromProto(const v1::WatchConversationsResponse::Delta& from) {
  ConversationsDelta to;
  Append(from.upserted(), to.upserted);
  return to;
}

MessagesSnapshot FromProto(const v1::WatchMessagesResponse::Snapshot& from) {
  MessagesSnapshot to;
  Append(from.messages(), to.messages);
  to.has_more = from.has_more();
  to.total_count = from.total_count();
  if (from.has_gap_before()) to.gap_before = ToGap(from.gap_before());
  if (from.has_gap_after()) to.gap_after = ToGap(from.gap_after());
  return to;
}

MessagesDelta FromProto(const v1::WatchMessagesResponse::Delta& from) {
  MessagesDelta to;
  Append(from.upserted(), to.upserted);
  to.removed.assign(from.removed().begin(), from.removed().end());
  return to;
}

}  // namespace hark::client
