// The values inside frames, from their wire form. Each function takes the strings out of the
// message it is given, so that content is moved and not copied: the initial sync brings everything
// a person ever wrote through here.

#ifndef HARK_DAEMON_TRANSPORT_DECODE_VALUES_H_
#define HARK_DAEMON_TRANSPORT_DECODE_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "hark/sync/v1/sync.pb.h"

#include "daemon/base/clock.h"
#include "daemon/model/conversation.h"
#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/transport/rules.h"

namespace hark::transport {

namespace wire = ::hark::sync::v1;

// Strings are valid UTF-8 already: protobuf parses no others.

// 1 to limits::kIdBytes bytes.
[[nodiscard]] std::string DecodeId(std::string&& id, Rules& rules);

// Sequences, revisions, positions and counts. Above 2^63-1 there is no place for them in a
// database.
[[nodiscard]] std::uint64_t DecodeNumber(std::uint64_t number, Rules& rules);

// Years 1 to 9999, cut to milliseconds.
[[nodiscard]] WallTime DecodeTime(const google::protobuf::Timestamp& time, Rules& rules);
[[nodiscard]] std::optional<WallTime> DecodeOptionalTime(bool present,
                                                         const google::protobuf::Timestamp& time,
                                                         Rules& rules);

[[nodiscard]] Role DecodeRole(wire::Role role);
[[nodiscard]] SyncCursor DecodeCursor(wire::Cursor&& cursor, Rules& rules);
[[nodiscard]] Message DecodeMessage(wire::Message&& message, Rules& rules);
[[nodiscard]] ConversationSummary DecodeConversation(wire::Conversation&& conversation,
                                                     Rules& rules);

// At most `bytes` bytes of it.
[[nodiscard]] std::string CutTo(std::string&& text, std::size_t bytes);

// A sentence or a name for logs and people: short, on one line.
[[nodiscard]] std::string DecodeSentence(std::string&& text);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_DECODE_VALUES_H_
