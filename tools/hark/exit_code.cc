#include "tools/hark/exit_code.h"

#include <cstdio>
#include <string>

#include "tools/hark/text.h"

namespace hark::cli {
namespace {

constexpr const char* kStartIt =
    "; start it with \"hark service install\" or harkd, or see \"hark doctor\"";

}  // namespace

ExitCode ExitCodeOf(client::ErrorCode code) {
  using client::ErrorCode;
  switch (code) {
    case ErrorCode::kNoDaemon:
    case ErrorCode::kUntrustedDaemon: return kNoDaemon;
    case ErrorCode::kInvalidArgument: return kInvalidInput;
    case ErrorCode::kNotFound: return kNotFound;
    case ErrorCode::kConflict:
    case ErrorCode::kPrecondition:
    case ErrorCode::kAccountChanged: return kConflict;
    case ErrorCode::kNotSignedIn:
    case ErrorCode::kUnauthenticated: return kSignIn;
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout: return kUnavailable;
    case ErrorCode::kResourceExhausted: return kLimit;
    case ErrorCode::kCorrupt:
    case ErrorCode::kUnsupported:
    case ErrorCode::kCancelled:
    case ErrorCode::kInternal: return kUnexpected;
  }
  return kUnexpected;
}

ExitCode Report(const client::Error& error) {
  // Who reads it may never have heard of harkd.
  if (error.code == client::ErrorCode::kNoDaemon) {
    return Report(kNoDaemon, (error.message + kStartIt).c_str());
  }
  return Report(ExitCodeOf(error.code), error.message.c_str());
}

ExitCode Report(ExitCode code, const char* sentence) {
  std::fprintf(stderr, "hark: %s\n", Printable(sentence).c_str());
  return code;
}

}  // namespace hark::cli
