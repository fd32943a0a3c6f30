// What a watch does after its stream ended: continue, start afresh, or give up. Pure.

#ifndef HARK_CLIENT_SDK_SRC_RECONNECT_POLICY_H_
#define HARK_CLIENT_SDK_SRC_RECONNECT_POLICY_H_

#include <chrono>

#include "hark/result.h"

namespace hark::client {

enum class Verdict {
  kReconnect,        // With the resume token, if there is one.
  kReconnectAfresh,  // Without it: the daemon does not know it.
  kEnd,              // Nothing that comes by itself will help.
};

// `failures` counts the ends in a row without any event between, this one included.
[[nodiscard]] Verdict JudgeEnd(ErrorCode code, bool has_token, int failures);

// How long to wait before the next attempt.
[[nodiscard]] std::chrono::milliseconds ReconnectDelay(int failures);

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_RECONNECT_POLICY_H_
