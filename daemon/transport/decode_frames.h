// One function for each frame of the backend, from its wire form. codec.cc chooses among them.

#ifndef HARK_DAEMON_TRANSPORT_DECODE_FRAMES_H_
#define HARK_DAEMON_TRANSPORT_DECODE_FRAMES_H_

#include "hark/sync/v1/sync.pb.h"

#include "daemon/transport/frames.h"
#include "daemon/transport/rules.h"

namespace hark::transport {

// About the session: decode_session.cc.
[[nodiscard]] Welcome DecodeWelcome(hark::sync::v1::Welcome&& welcome, Rules& rules);
[[nodiscard]] Refused DecodeRefused(hark::sync::v1::Refused&& refused);
[[nodiscard]] TokenRenewed DecodeTokenRenewed(hark::sync::v1::TokenRenewed&& renewed, Rules& rules);
[[nodiscard]] GoingAway DecodeGoingAway(hark::sync::v1::GoingAway&& going_away);

// About conversations: decode_content.cc.
[[nodiscard]] ConversationPage DecodeConversationPage(hark::sync::v1::ConversationPage&& page,
                                                      Rules& rules);
[[nodiscard]] History DecodeHistory(hark::sync::v1::History&& history, Rules& rules);
[[nodiscard]] Histories DecodeHistories(hark::sync::v1::Histories&& histories, Rules& rules);
[[nodiscard]] Changes DecodeChanges(hark::sync::v1::Changes&& changes, Rules& rules);
[[nodiscard]] Ack DecodeAck(hark::sync::v1::Ack&& ack, Rules& rules);
// Typing, Partial, or UnknownFrame for what is neither.
[[nodiscard]] ServerFrame DecodeEphemeral(hark::sync::v1::Ephemeral&& ephemeral, Rules& rules);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_DECODE_FRAMES_H_
