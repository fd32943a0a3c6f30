#include "daemon/ipc/api_version.h"

#include <cstddef>
#include <string>

#include "daemon/base/integer.h"
#include "daemon/ipc/status.h"

namespace hark::ipc {
namespace {

constexpr std::size_t kMaxDigits = 4;

std::optional<std::uint32_t> ParseNumber(std::string_view text) {
  if (text.size() > kMaxDigits) return std::nullopt;
  return ParseInteger<std::uint32_t>(text);
}

std::string Text(ApiVersion version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

}  // namespace

std::optional<ApiVersion> ParseApiVersion(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto major = ParseNumber(text.substr(0, dot));
  const auto minor = ParseNumber(text.substr(dot + 1));
  if (!major || !minor) return std::nullopt;
  return ApiVersion{*major, *minor};
}

grpc::Status CheckApiVersion(const grpc::ServerContextBase& call) {
  const auto& metadata = call.client_metadata();
  const auto said = metadata.find(kApiVersionKey);
  if (said == metadata.end()) return grpc::Status::OK;
  const auto version = ParseApiVersion({said->second.data(), said->second.size()});
  if (!version) {
    return ToGrpcStatus(
        {ErrorCode::kInvalidArgument, "The metadata hark-api is no version like 1.2."});
  }
  if (version->major == kApiMajor) return grpc::Status::OK;
  return ApiVersionStatus("This program speaks version " + Text(*version) +
                          " of the local API, and the daemon version " +
                          Text({kApiMajor, kApiMinor}) + ": update the older of the two.");
}

}  // namespace hark::ipc
