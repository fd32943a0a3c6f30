// What a reconnect of an up-to-date daemon moves, in encoded frames of both directions.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "hark/sync/v1/sync.pb.h"

#include "daemon/transport/codec.h"
#include "tests/unit/sync/machine_fixture.h"

namespace hark::sync {
namespace {

class ReconnectBytes : public MachineTest, public testing::WithParamInterface<transport::Encoding> {
 protected:
  // Everything that is waiting to be sent, as bytes.
  std::size_t TakeSentBytes() {
    std::size_t bytes = 0;
    for (SendHello& hello : Take<SendHello>()) {
      transport::Hello frame;
      frame.token = Secret(std::string(256, 't'));
      frame.device_id = std::string(36, 'd');
      frame.client = "harkd/1.0.0";
      frame.cursor = std::move(hello.cursor);
      bytes += Encoded(std::move(frame));
    }
    for (SendFrame& send : Take<SendFrame>()) bytes += Encoded(std::move(send.frame));
    return bytes;
  }

  std::size_t Encoded(transport::ClientFrame frame) {
    const Result<std::string> bytes = transport::Encode(frame, GetParam());
    EXPECT_TRUE(bytes);
    return bytes ? bytes->size() : 0;
  }
};

INSTANTIATE_TEST_SUITE_P(BothEncodings, ReconnectBytes,
                         testing::Values(transport::Encoding::kProto, transport::Encoding::kJson));

TEST_P(ReconnectBytes, AnUpToDateReconnectMovesLittleHoweverManyConversationsThereAre) {
  // 17,000 conversations are in the store; the machine knows only of the active ones, of which
  // there are as many as there can be.
  std::vector<ConversationId> active;
  for (std::size_t i = 0; i < limits::kActiveConversations; ++i)
    active.emplace_back(std::string(36 - 3, 'c') + std::to_string(100 + i));
  const std::string epoch(32, 'e');
  Start(SyncCursor{epoch, 1'234'567}, active);
  actions_.clear();
  Step(Connected{});
  std::size_t bytes = TakeSentBytes();
  transport::Welcome welcome = Welcome(transport::Resume::kOk, 0);
  welcome.cursor = {epoch, 1'234'567};
  // As hark-backend sends it, in JSON.
  bytes += 600;
  Step(Received{welcome});
  Settle();
  bytes += TakeSentBytes();
  EXPECT_EQ(Shown(), State::kLive);
  EXPECT_LT(bytes, 2'048U);
  EXPECT_GT(bytes, 1'000U) << "something was left out of the sum";
}

}  // namespace
}  // namespace hark::sync
