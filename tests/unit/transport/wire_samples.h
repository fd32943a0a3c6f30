// Wire messages for the tests of the codec: one valid sample of each frame of the backend, and the
// way to bytes and back by protobuf itself.

#ifndef HARK_TESTS_UNIT_TRANSPORT_WIRE_SAMPLES_H_
#define HARK_TESTS_UNIT_TRANSPORT_WIRE_SAMPLES_H_

#include <ostream>
#include <string>
#include <vector>

#include "hark/sync/v1/sync.pb.h"

#include "daemon/transport/codec.h"

namespace hark::transport {

namespace wire = ::hark::sync::v1;

// For names of parameterised tests.
void PrintTo(Encoding encoding, std::ostream* out);

[[nodiscard]] std::string ToBytes(const wire::ServerFrame& frame, Encoding encoding);
[[nodiscard]] wire::ClientFrame FromBytes(const std::string& bytes, Encoding encoding);

[[nodiscard]] wire::Message SampleMessage(std::uint64_t sequence);
[[nodiscard]] wire::Conversation SampleConversation();
[[nodiscard]] wire::ServerFrame SampleWelcome();
[[nodiscard]] wire::ServerFrame SampleConversationPage();
[[nodiscard]] wire::ServerFrame SampleHistory();
wire::ServerFrame SampleHistories();
[[nodiscard]] wire::ServerFrame SampleChanges();
[[nodiscard]] wire::ServerFrame SampleAck();
[[nodiscard]] wire::ServerFrame SampleRefused();
[[nodiscard]] wire::ServerFrame SampleTyping();
[[nodiscard]] wire::ServerFrame SamplePartial();
[[nodiscard]] wire::ServerFrame SampleTokenRenewed();
[[nodiscard]] wire::ServerFrame SamplePong();
[[nodiscard]] wire::ServerFrame SampleGoingAway();
[[nodiscard]] std::vector<wire::ServerFrame> AllSamples();

}  // namespace hark::transport

#endif  // HARK_TESTS_UNIT_TRANSPORT_WIRE_SAMPLES_H_
