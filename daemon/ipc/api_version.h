// The version of the local API, and whether a client's fits it.
//
// A client says its own in the metadata of each call, as `hark-api: 1.3`. Within one major version
// every client is served: what it does not know it ignores, and what this daemon does not know it
// ignores or answers with UNIMPLEMENTED. Another major version is another contract: the call is
// refused before it has any effect, with a reason that a UI can show.

#ifndef HARK_DAEMON_IPC_API_VERSION_H_
#define HARK_DAEMON_IPC_API_VERSION_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

namespace hark::ipc {

inline constexpr std::uint32_t kApiMajor = 1;
inline constexpr std::uint32_t kApiMinor = 3;

inline constexpr char kApiVersionKey[] = "hark-api";

struct ApiVersion {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;

  friend bool operator==(const ApiVersion&, const ApiVersion&) = default;
};

// "1.2": two numbers of at most four digits. Absent: it is none.
[[nodiscard]] std::optional<ApiVersion> ParseApiVersion(std::string_view text);

// OK if the client fits or does not say. INVALID_ARGUMENT: what it says is no version.
// FAILED_PRECONDITION with the reason API_VERSION: another major version.
[[nodiscard]] grpc::Status CheckApiVersion(const grpc::ServerContextBase& call);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_API_VERSION_H_
