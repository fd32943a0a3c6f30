// Frames to bytes and back, in both encodings of the wire protocol. Pure, and total on hostile
// input: whatever the bytes are, the answer is a frame that keeps every rule of sync.proto, or
// kInvalidArgument.

#ifndef HARK_DAEMON_TRANSPORT_CODEC_H_
#define HARK_DAEMON_TRANSPORT_CODEC_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/transport/frames.h"

namespace hark::transport {

enum class Encoding : std::uint8_t {
  kProto,  // Subprotocol "hark.sync.v1.proto", binary messages.
  kJson,   // Subprotocol "hark.sync.v1.json", text messages.
};

// kInvalidArgument: a value that the protocol forbids (an empty id, text that is not UTF-8, too
// much content), or larger than limits::kFrameBytes. The bytes of a Hello hold the token: wipe them
// after use.
[[nodiscard]] Result<std::string> Encode(const ClientFrame& frame, Encoding encoding);

// All or nothing: one value that breaks a rule refuses the whole frame, with a sentence that names
// the rule and holds nothing of the frame. What is only shown is mended instead: titles, previews
// and sentences are cut, tombstones lose their content, limits and the heartbeat are brought into
// their range. Members, enum values and frames that this version does not know are left out, read
// as zero, and read as UnknownFrame.
[[nodiscard]] Result<ServerFrame> Decode(std::string_view bytes, Encoding encoding);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_CODEC_H_
