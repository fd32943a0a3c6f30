// How one event of the log is written: for people, for programs, for the journal. Pure.

#ifndef HARK_DAEMON_BASE_LOG_LINE_H_
#define HARK_DAEMON_BASE_LOG_LINE_H_

#include <span>
#include <string>
#include <string_view>

#include "daemon/base/log.h"

namespace hark::log {

// connected attempt=3 path="/a b"
// A value with blanks or control characters is quoted, so that a line stays one line and fields
// stay apart.
[[nodiscard]] std::string TextLine(std::string_view event, std::span<const Field> fields);

// "event":"connected","attempt":"3", without the braces: the time and the level stand before it.
// Values are strings. Always valid UTF-8: other bytes become '?'.
[[nodiscard]] std::string JsonMembers(std::string_view event, std::span<const Field> fields);

// One entry of the journal's native protocol (systemd's "Native Journal Protocol"): MESSAGE is the
// TextLine(), HARK_EVENT the event's name, and each field HARK_ and its name in capitals, so that
// `journalctl HARK_EVENT=connected` finds it. A name that the journal would refuse is left out; it
// is in MESSAGE.
[[nodiscard]] std::string JournalEntry(Level level, std::string_view event,
                                       std::span<const Field> fields);

}  // namespace hark::log

#endif  // HARK_DAEMON_BASE_LOG_LINE_H_
