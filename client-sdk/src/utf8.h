// Whether bytes are valid UTF-8. protobuf serialises invalid text and the receiver then refuses the
// whole message, so the SDK looks before it sends.

#ifndef HARK_CLIENT_SDK_SRC_UTF8_H_
#define HARK_CLIENT_SDK_SRC_UTF8_H_

#include <string_view>

namespace hark::client {

// Strict: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool IsUtf8(std::string_view text);

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_UTF8_H_
