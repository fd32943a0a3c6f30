#ifndef HARK_TOOLS_BACKEND_FRAME_WRITER_H_
#define HARK_TOOLS_BACKEND_FRAME_WRITER_H_

// Makes answers into bytes that the client accepts: in its encoding, and within its frame limit.
// Pure.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tools/backend/codec.h"
#include "tools/backend/result.h"
#include "tools/backend/types.h"

namespace hark::backend {

class FrameWriter {
 public:
  FrameWriter(Encoding encoding, std::size_t max_bytes)
      : encoding_(encoding), max_bytes_(max_bytes) {}

  [[nodiscard]] Encoding encoding() const { return encoding_; }
  [[nodiscard]] std::size_t max_bytes() const { return max_bytes_; }
  void set_max_bytes(std::size_t max_bytes) { max_bytes_ = max_bytes; }

  // None if the frame is over the limit.
  [[nodiscard]] std::optional<std::string> Encode(const wire::ServerFrame& frame) const;

 private:
  Encoding encoding_;
  std::size_t max_bytes_;
};

wire::Refused::Code ToRefusalCode(ErrorCode code);
wire::ServerFrame MakeRefusal(std::uint64_t request_id, const Error& error);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_FRAME_WRITER_H_
