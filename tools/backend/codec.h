#ifndef HARK_TOOLS_BACKEND_CODEC_H_
#define HARK_TOOLS_BACKEND_CODEC_H_

// Frames to bytes and back, in the two encodings of the wire protocol. Pure; takes any bytes.

#include <optional>
#include <string>
#include <string_view>

#include "hark/sync/v1/sync.pb.h"

#include "tools/backend/result.h"

namespace hark::backend {

// Chosen by the WebSocket subprotocol.
enum class Encoding { kProto, kJson };

inline constexpr std::string_view kProtoSubprotocol = "hark.sync.v1.proto";
inline constexpr std::string_view kJsonSubprotocol = "hark.sync.v1.json";

// Picks from the value of Sec-WebSocket-Protocol; binary if the client speaks both. None if it
// speaks neither.
std::optional<Encoding> ChooseEncoding(std::string_view offered);
std::string_view SubprotocolName(Encoding encoding);

// kMalformed if the bytes are no frame. A frame of a kind that is not known here decodes to one
// that is not set.
Result<hark::sync::v1::ClientFrame> DecodeFrame(Encoding encoding, std::string_view bytes);

std::string EncodeFrame(Encoding encoding, const hark::sync::v1::ServerFrame& frame);

// True if no value in the JSON text is inside more than `limit` others. Does not check that the
// text is JSON.
bool JsonDepthWithin(std::string_view text, int limit);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_CODEC_H_
