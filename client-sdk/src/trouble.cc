#include "hark/trouble.h"

#include "client-sdk/src/convert.h"

namespace hark::client {

std::string_view ToString(Trouble value) {
  switch (value) {
    case Trouble::kUnknown: return "";
    case Trouble::kLookup: return "lookup";
    case Trouble::kUnreachable: return "unreachable";
    case Trouble::kTimeout: return "timeout";
    case Trouble::kProxy: return "proxy";
    case Trouble::kTls: return "tls";
    case Trouble::kCertificateExpired: return "certificate_expired";
    case Trouble::kCertificateNotYetValid: return "certificate_not_yet_valid";
    case Trouble::kCertificateHost: return "certificate_host";
    case Trouble::kCertificateUntrusted: return "certificate_untrusted";
    case Trouble::kPin: return "pin";
    case Trouble::kSettings: return "settings";
    case Trouble::kRefused: return "refused";
    case Trouble::kProtocol: return "protocol";
    case Trouble::kFrameTooLarge: return "frame_too_large";
    case Trouble::kFrameTooDeep: return "frame_too_deep";
    case Trouble::kTooFast: return "too_fast";
  }
  return "";
}

Trouble FromProto(v1::SyncStatus::Trouble from) {
  switch (static_cast<int>(from)) {
    case v1::SyncStatus::TROUBLE_LOOKUP: return Trouble::kLookup;
    case v1::SyncStatus::TROUBLE_UNREACHABLE: return Trouble::kUnreachable;
    case v1::SyncStatus::TROUBLE_TIMEOUT: return Trouble::kTimeout;
    case v1::SyncStatus::TROUBLE_PROXY: return Trouble::kProxy;
    case v1::SyncStatus::TROUBLE_TLS: return Trouble::kTls;
    case v1::SyncStatus::TROUBLE_CERTIFICATE_EXPIRED: return Trouble::kCertificateExpired;
    case v1::SyncStatus::TROUBLE_CERTIFICATE_NOT_YET_VALID: return Trouble::kCertificateNotYetValid;
    case v1::SyncStatus::TROUBLE_CERTIFICATE_HOST: return Trouble::kCertificateHost;
    case v1::SyncStatus::TROUBLE_CERTIFICATE_UNTRUSTED: return Trouble::kCertificateUntrusted;
    case v1::SyncStatus::TROUBLE_PIN: return Trouble::kPin;
    case v1::SyncStatus::TROUBLE_SETTINGS: return Trouble::kSettings;
    case v1::SyncStatus::TROUBLE_REFUSED: return Trouble::kRefused;
    case v1::SyncStatus::TROUBLE_PROTOCOL: return Trouble::kProtocol;
    case v1::SyncStatus::TROUBLE_FRAME_TOO_LARGE: return Trouble::kFrameTooLarge;
    case v1::SyncStatus::TROUBLE_FRAME_TOO_DEEP: return Trouble::kFrameTooDeep;
    case v1::SyncStatus::TROUBLE_TOO_FAST: return Trouble::kTooFast;
    default: return Trouble::kUnknown;
  }
}

}  // namespace hark::client
