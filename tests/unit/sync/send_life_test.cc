// Every order of acknowledgement, echo, loss, retry, cancel, edit, delete and expiry that six
// events can make, over the machine, a model of the store and a model of the backend: each ends
// with one row, equal at both ends, and every send at the backend once and in order (unless it
// expired).

#include <gtest/gtest.h>

#include "tests/support/send_scripts.h"
#include "tests/unit/sync/send_world.h"

namespace hark::sync {
namespace {

using test::SendEvent;
using test::SendScript;

class SendLife : public testing::TestWithParam<SendEvent> {};

INSTANTIATE_TEST_SUITE_P(ByFirstEvent, SendLife, testing::ValuesIn(test::kSendEvents));

TEST_P(SendLife, EveryOrderOfSixEventsEndsInOneRow) {
  int scripts = 0;
  test::ForEachSendScript({GetParam()}, 6, [&](const SendScript& script) {
    if (testing::Test::HasFailure()) return;
    ModelScriptStore store;
    SendWorld world(store, MessageId("m"), MessageId("n"));
    for (const SendEvent event : script) world.Run(event);
    world.Finish();
    world.Check();
    EXPECT_EQ(world.wrong(), "") << test::ToString(script);
    ++scripts;
  });
  RecordProperty("scripts", scripts);
}

}  // namespace
}  // namespace hark::sync
