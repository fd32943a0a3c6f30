#include "daemon/ipc/convert_status.h"

#include <chrono>
#include <cstdint>

#include "daemon/ipc/convert_time.h"

namespace hark::ipc {
namespace {

v1::SyncStatus::State ToProto(sync::State state) {
  switch (state) {
    case sync::State::kSignedOut: return v1::SyncStatus::STATE_SIGNED_OUT;
    case sync::State::kOffline: return v1::SyncStatus::STATE_OFFLINE;
    case sync::State::kConnecting: return v1::SyncStatus::STATE_CONNECTING;
    case sync::State::kCatchingUp: return v1::SyncStatus::STATE_CATCHING_UP;
    case sync::State::kLive: return v1::SyncStatus::STATE_LIVE;
    case sync::State::kAuthRequired: return v1::SyncStatus::STATE_AUTH_REQUIRED;
    case sync::State::kDegraded: return v1::SyncStatus::STATE_DEGRADED;
  }
  return v1::SyncStatus::STATE_UNSPECIFIED;
}

v1::SyncStatus::Trouble ToProto(Trouble trouble) {
  switch (trouble) {
    case Trouble::kNone: return v1::SyncStatus::TROUBLE_UNSPECIFIED;
    case Trouble::kLookup: return v1::SyncStatus::TROUBLE_LOOKUP;
    case Trouble::kUnreachable: return v1::SyncStatus::TROUBLE_UNREACHABLE;
    case Trouble::kTimeout: return v1::SyncStatus::TROUBLE_TIMEOUT;
    case Trouble::kProxy: return v1::SyncStatus::TROUBLE_PROXY;
    case Trouble::kTls: return v1::SyncStatus::TROUBLE_TLS;
    case Trouble::kCertificateExpired: return v1::SyncStatus::TROUBLE_CERTIFICATE_EXPIRED;
    case Trouble::kCertificateNotYetValid: return v1::SyncStatus::TROUBLE_CERTIFICATE_NOT_YET_VALID;
    case Trouble::kCertificateHost: return v1::SyncStatus::TROUBLE_CERTIFICATE_HOST;
    case Trouble::kCertificateUntrusted: return v1::SyncStatus::TROUBLE_CERTIFICATE_UNTRUSTED;
    case Trouble::kPin: return v1::SyncStatus::TROUBLE_PIN;
    case Trouble::kSettings: return v1::SyncStatus::TROUBLE_SETTINGS;
    case Trouble::kRefused: return v1::SyncStatus::TROUBLE_REFUSED;
    case Trouble::kProtocol: return v1::SyncStatus::TROUBLE_PROTOCOL;
    case Trouble::kFrameTooLarge: return v1::SyncStatus::TROUBLE_FRAME_TOO_LARGE;
    case Trouble::kFrameTooDeep: return v1::SyncStatus::TROUBLE_FRAME_TOO_DEEP;
    case Trouble::kTooFast: return v1::SyncStatus::TROUBLE_TOO_FAST;
  }
  return v1::SyncStatus::TROUBLE_UNSPECIFIED;
}

v1::AccountInfo::State ToProto(account::AccountState state) {
  switch (state) {
    case account::AccountState::kNone: return v1::AccountInfo::STATE_NONE;
    case account::AccountState::kSignedIn: return v1::AccountInfo::STATE_SIGNED_IN;
    case account::AccountState::kSignedOut: return v1::AccountInfo::STATE_SIGNED_OUT;
    case account::AccountState::kAuthRequired: return v1::AccountInfo::STATE_AUTH_REQUIRED;
  }
  return v1::AccountInfo::STATE_UNSPECIFIED;
}

std::uint64_t Microseconds(std::chrono::microseconds duration) {
  return static_cast<std::uint64_t>(duration.count());
}

}  // namespace

void ToProto(const sync::Status& status, v1::SyncStatus* out) {
  out->set_state(ToProto(status.state));
  ToProto(status.since, out->mutable_since());
  out->set_reason(status.reason);
  out->set_trouble(ToProto(status.trouble));
  if (status.state == sync::State::kCatchingUp) {
    out->mutable_progress()->set_done(status.done);
    out->mutable_progress()->set_total(status.total);
  }
  out->set_initial(status.initial);
  if (status.next_attempt_at) ToProto(*status.next_attempt_at, out->mutable_next_attempt_at());
  if (status.last_synced_at) ToProto(*status.last_synced_at, out->mutable_last_synced_at());
  out->set_pending_count(status.pending);
}

void ToProto(const account::AccountInfo& info, v1::AccountInfo* out) {
  out->set_state(ToProto(info.state));
  out->set_user_id(info.user.value());
  out->set_backend_url(info.backend_url);
}

void ToProto(const Histogram::Summary& summary, v1::LatencySummary* out) {
  out->set_count(summary.count);
  out->set_p50_us(Microseconds(summary.p50));
  out->set_p95_us(Microseconds(summary.p95));
  out->set_p99_us(Microseconds(summary.p99));
  out->set_max_us(Microseconds(summary.max));
}

void ToProto(LocalRevision revision, const sync::Status& status, v1::Freshness* out) {
  out->set_revision(revision);
  if (status.last_synced_at) ToProto(*status.last_synced_at, out->mutable_as_of());
  out->set_live(status.state == sync::State::kLive);
}

}  // namespace hark::ipc
