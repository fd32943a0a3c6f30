// The decoder of what a backend sends. The first byte of the input is the encoding, 'J' or another;
// the rest is the frame. Beside not crashing, both encodings of one frame have to be answered
// alike.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include "hark/sync/v1/sync.pb.h"

#include "daemon/base/limits.h"
#include "daemon/transport/codec.h"

namespace {

using hark::transport::Decode;
using hark::transport::Encoding;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Absent where protobuf itself cannot say it in JSON: impossible times.
std::string ToJson(std::string_view bytes) {
  google::protobuf::LogSilencer silence;
  hark::sync::v1::ServerFrame frame;
  std::string json;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return "";
  if (!google::protobuf::util::MessageToJsonString(frame, &json).ok()) return "";
  return json.size() > hark::limits::kFrameBytes ? "" : json;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Encoding encoding = data[0] == 'J' ? Encoding::kJson : Encoding::kProto;
  auto frame = Decode(bytes, encoding);
  if (!frame) Require(frame.error().code == hark::ErrorCode::kInvalidArgument);
  if (encoding == Encoding::kJson) return 0;

  std::string json = ToJson(bytes);
  if (json.empty()) return 0;
  auto same = Decode(json, Encoding::kJson);
  Require(same.has_value() == frame.has_value());
  if (frame) Require(same->index() == frame->index());
  return 0;
}
