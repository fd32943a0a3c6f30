#include "tools/backend/codec.h"

#include <google/protobuf/util/json_util.h>

#include "tools/backend/limits.h"
#include "tools/backend/utf8.h"

namespace hark::backend {
namespace {

using google::protobuf::util::JsonParseOptions;
using hark::sync::v1::ClientFrame;
using hark::sync::v1::ServerFrame;

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Result<ClientFrame> DecodeJson(std::string_view bytes) {
  if (!IsValidUtf8(bytes)) return Fail(ErrorCode::kMalformed, "the frame is not valid UTF-8");
  // Checked by hand: the parser is recursive and its own limit is higher.
  if (!JsonDepthWithin(bytes, kMaxJsonDepth)) {
    return Fail(ErrorCode::kMalformed, "the frame is nested too deeply");
  }
  JsonParseOptions options;
  options.ignore_unknown_fields = true;
  ClientFrame frame;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(bytes.data(), bytes.size()), &frame, options);
  // The parser's own sentence quotes the text, and that is somebody's message.
  if (!status.ok()) return Fail(ErrorCode::kMalformed, "the frame is not a JSON ClientFrame");
  return frame;
}

}  // namespace

std::optional<Encoding> ChooseEncoding(std::string_view offered) {
  bool json = false;
  while (!offered.empty()) {
    const auto comma = offered.find(',');
    const std::string_view name = Trimmed(offered.substr(0, comma));
    if (name == kProtoSubprotocol) return Encoding::kProto;
    if (name == kJsonSubprotocol) json = true;
    offered = comma == std::string_view::npos ? std::string_view() : offered.substr(comma + 1);
  }
  if (json) return Encoding::kJson;
  return std::nullopt;
}

std::string_view SubprotocolName(Encoding encoding) {
  return encoding == Encoding::kProto ? kProtoSubprotocol : kJsonSubprotocol;
}

Result<ClientFrame> DecodeFrame(Encoding encoding, std::string_view bytes) {
  if (encoding == Encoding::kJson) return DecodeJson(bytes);
  ClientFrame frame;
  // Also refuses invalid UTF-8 in any string.
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Fail(ErrorCode::kMalformed, "the frame is not a ClientFrame");
  }
  return frame;
}

std::string EncodeFrame(Encoding encoding, const ServerFrame& frame) {
  if (encoding == Encoding::kProto) return frame.SerializeAsString();
  std::string json;
  // Cannot fail for a frame of ours: every string in it was checked on its way in.
  const auto status = google::protobuf::util::MessageToJsonString(frame, &json);
  if (!status.ok()) json = "{}";
  return json;
}

bool JsonDepthWithin(std::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

}  // namespace hark::backend
