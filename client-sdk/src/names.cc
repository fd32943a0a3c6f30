// The stable words of the SDK's enums. Tools print them, so they never change.

#include <string_view>

#include "hark/outbox.h"
#include "hark/result.h"
#include "hark/types.h"

namespace hark::client {

std::string_view ToString(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNoDaemon: return "no_daemon";
    case ErrorCode::kUntrustedDaemon: return "untrusted_daemon";
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kPrecondition: return "precondition";
    case ErrorCode::kNotSignedIn: return "not_signed_in";
    case ErrorCode::kUnauthenticated: return "unauthenticated";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kResourceExhausted: return "resource_exhausted";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kAccountChanged: return "account_changed";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kInternal: return "internal";
  }
  return "internal";
}

std::string_view ToString(Role value) {
  switch (value) {
    case Role::kUnknown: return "unknown";
    case Role::kUser: return "user";
    case Role::kAssistant: return "assistant";
    case Role::kSystem: return "system";
  }
  return "unknown";
}

std::string_view ToString(Delivery value) {
  switch (value) {
    case Delivery::kUnknown: return "unrecognised";
    case Delivery::kQueued: return "queued";
    case Delivery::kSending: return "sending";
    case Delivery::kSent: return "sent";
    case Delivery::kFailed: return "failed";
    case Delivery::kUnanswered: return "unknown";
    case Delivery::kExpired: return "expired";
    case Delivery::kCancelled: return "cancelled";
  }
  return "unrecognised";
}

std::string_view ToString(PendingChange::Kind value) {
  switch (value) {
    case PendingChange::Kind::kUnknown: return "unknown";
    case PendingChange::Kind::kEdit: return "edit";
    case PendingChange::Kind::kDelete: return "delete";
  }
  return "unknown";
}

std::string_view ToString(OutboxEntry::Kind value) {
  switch (value) {
    case OutboxEntry::Kind::kUnknown: return "unknown";
    case OutboxEntry::Kind::kSend: return "send";
    case OutboxEntry::Kind::kEdit: return "edit";
    case OutboxEntry::Kind::kDelete: return "delete";
  }
  return "unknown";
}

std::string_view ToString(CacheState value) {
  switch (value) {
    case CacheState::kUnknown: return "unknown";
    case CacheState::kComplete: return "complete";
    case CacheState::kPartial: return "partial";
  }
  return "unknown";
}

std::string_view ToString(Gap::Reason value) {
  switch (value) {
    case Gap::Reason::kUnknown: return "unknown";
    case Gap::Reason::kNotFetched: return "not_fetched";
    case Gap::Reason::kLimited: return "limited";
    case Gap::Reason::kEvicted: return "evicted";
  }
  return "unknown";
}

std::string_view ToString(SyncStatus::State value) {
  switch (value) {
    case SyncStatus::State::kUnknown: return "unknown";
    case SyncStatus::State::kSignedOut: return "signed_out";
    case SyncStatus::State::kOffline: return "offline";
    case SyncStatus::State::kConnecting: return "connecting";
    case SyncStatus::State::kCatchingUp: return "catching_up";
    case SyncStatus::State::kLive: return "live";
    case SyncStatus::State::kAuthRequired: return "auth_required";
    case SyncStatus::State::kDegraded: return "degraded";
  }
  return "unknown";
}

std::string_view ToString(AccountInfo::State value) {
  switch (value) {
    case AccountInfo::State::kUnknown: return "unknown";
    case AccountInfo::State::kNone: return "none";
    case AccountInfo::State::kSignedIn: return "signed_in";
    case AccountInfo::State::kSignedOut: return "signed_out";
    case AccountInfo::State::kAuthRequired: return "auth_required";
  }
  return "unknown";
}

}  // namespace hark::client
