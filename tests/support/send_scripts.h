// Every order in which things can happen to one message that a person sends, for exhaustive tests.
// Says only what happens; an executor does it, to a model or to the real store.

#ifndef HARK_TESTS_SUPPORT_SEND_SCRIPTS_H_
#define HARK_TESTS_SUPPORT_SEND_SCRIPTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hark::test {

enum class SendEvent : std::uint8_t {
  kAck,    // The backend takes the oldest request, and its oldest answer arrives.
  kEcho,   // The next change of the backend's log arrives; if there is none, the backend first
           // takes the oldest request, without its answer arriving.
  kDrop,   // The connection breaks, with everything on the way, and comes back.
  kRetry,  // The user's.
  kCancel,
  kEdit,  // With a text of its own each time.
  kDelete,
  kExpire,  // The connection breaks, and comes back when the message's send and edits are too old.
};

inline constexpr std::array<SendEvent, 8> kSendEvents = {
    SendEvent::kAck,    SendEvent::kEcho, SendEvent::kDrop,   SendEvent::kRetry,
    SendEvent::kCancel, SendEvent::kEdit, SendEvent::kDelete, SendEvent::kExpire};

using SendScript = std::vector<SendEvent>;

// One letter an event: "aed" is ack, echo, drop.
inline constexpr std::string_view kSendLetters = "aedrcwxo";

[[nodiscard]] inline std::string ToString(const SendScript& script) {
  std::string text;
  for (const SendEvent event : script) text += kSendLetters[static_cast<std::size_t>(event)];
  return text;
}

// Absent: no such event.
[[nodiscard]] inline std::optional<SendScript> ParseSendScript(std::string_view text) {
  SendScript script;
  for (const char letter : text) {
    const std::size_t event = kSendLetters.find(letter);
    if (event == std::string_view::npos) return std::nullopt;
    script.push_back(kSendEvents.at(event));
  }
  return script;
}

// Calls `run` for each script of exactly `length` events that begins with `prefix`. Shorter ones
// need no call of their own if the executor checks after each event.
template <typename Run>
void ForEachSendScript(SendScript prefix, std::size_t length, const Run& run) {
  if (prefix.size() >= length) {
    run(prefix);
    return;
  }
  for (const SendEvent event : kSendEvents) {
    prefix.push_back(event);
    ForEachSendScript(prefix, length, run);
    prefix.pop_back();
  }
}

}  // namespace hark::test

#endif  // HARK_TESTS_SUPPORT_SEND_SCRIPTS_H_
