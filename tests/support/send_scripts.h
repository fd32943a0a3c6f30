// Every order in which things can happen to one message that a person sends, for exhaustive tests.
// Says only what happens; an executor does it, to a model or to the real store.

#ifndef HARK_TESTS_SUPPORT_SEND_SCRIPTS_H_
#define HARK_TESTS_SUPPORT_SEND_SCRIPTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
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
};

inline constexpr std::array<SendEvent, 7> kSendEvents = {
    SendEvent::kAck,    SendEvent::kEcho, SendEvent::kDrop,  SendEvent::kRetry,
    SendEvent::kCancel, SendEvent::kEdit, SendEvent::kDelete};

using SendScript = std::vector<SendEvent>;

// One letter an event, for messages: "aed" is ack, echo, drop.
[[nodiscard]] inline std::string ToString(const SendScript& script) {
  constexpr std::array<char, 7> kLetters = {'a', 'e', 'd', 'r', 'c', 'w', 'x'};
  std::string text;
  for (const SendEvent event : script) text += kLetters.at(static_cast<std::size_t>(event));
  return text;
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
