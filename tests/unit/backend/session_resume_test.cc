// Where a session begins in the change log, and how the log is cut into frames.
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/backend/support.h"

namespace hark::backend {
namespace {

wire::Cursor At(const std::string& epoch, std::uint64_t position) {
  wire::Cursor cursor;
  cursor.set_epoch(epoch);
  cursor.set_position(position);
  return cursor;
}

TEST(SessionResumeTest, CursorWithinTheLogGoesOnFromThere) {
  BackendFixture backend;
  const auto log = *backend.store->GetLog(backend.user);
  backend.AppendMany(2);
  FakeClient client(backend);
  EXPECT_EQ(client.Greet(backend.token, At(log.epoch, log.head)).resume(),
            wire::Welcome::RESUME_OK);
  client.Subscribe("c");
  const auto changes = client.Hear().changes();
  EXPECT_EQ(changes.from().position(), log.head);
  EXPECT_EQ(changes.to().position(), log.head + 2);
  EXPECT_EQ(changes.changes_size(), 3);
}

TEST(SessionResumeTest, WithoutAFirstFrameTheChangesComeAfterTheGrace) {
  BackendFixture backend;
  const auto log = *backend.store->GetLog(backend.user);
  backend.AppendMany(1);
  FakeClient client(backend);
  client.Greet(backend.token, At(log.epoch, log.head));
  backend.hub.Tick();
  EXPECT_TRUE(client.frames().empty());
  backend.clock.Advance(kResumeGrace);
  backend.hub.Tick();
  EXPECT_EQ(client.Hear().changes().changes(0).conversation().last_sequence(), 1U);
}

TEST(SessionResumeTest, CursorBeforeTheKeptChangesIsTooOld) {
  BackendFixture backend(/*change_log_limit=*/5);
  const auto begin = *backend.store->GetLog(backend.user);
  backend.AppendMany(10);
  const auto log = *backend.store->GetLog(backend.user);
  EXPECT_EQ(log.head - log.floor, 5U);
  FakeClient old(backend);
  const auto welcome = old.Greet(backend.token, At(begin.epoch, log.floor - 1));
  EXPECT_EQ(welcome.resume(), wire::Welcome::RESUME_TOO_OLD);
  EXPECT_EQ(welcome.cursor().position(), log.head);
  FakeClient just_in(backend);
  EXPECT_EQ(just_in.Greet(backend.token, At(begin.epoch, log.floor)).resume(),
            wire::Welcome::RESUME_OK);
}

TEST(SessionResumeTest, CursorOfAnotherLogOrAheadOfThisOneIsOtherEpoch) {
  BackendFixture backend;
  const auto log = *backend.store->GetLog(backend.user);
  FakeClient other(backend);
  EXPECT_EQ(other.Greet(backend.token, At("elsewhere", 1)).resume(),
            wire::Welcome::RESUME_OTHER_EPOCH);
  FakeClient ahead(backend);
  EXPECT_EQ(ahead.Greet(backend.token, At(log.epoch, log.head + 1)).resume(),
            wire::Welcome::RESUME_OTHER_EPOCH);
}

TEST(SessionResumeTest, LongCatchUpComesInContiguousBoundedStretches) {
  BackendFixture backend;
  const auto log = *backend.store->GetLog(backend.user);
  backend.AppendMany(450);
  FakeClient client(backend);
  client.Greet(backend.token, At(log.epoch, log.head));
  client.Subscribe("c");
  std::uint64_t position = log.head;
  std::set<std::string> ids;
  while (!client.frames().empty()) {
    const auto changes = client.Hear().changes();
    EXPECT_EQ(changes.from().position(), position);
    EXPECT_LE(changes.changes_size(), 200);
    position = changes.to().position();
    for (const auto& change : changes.changes()) {
      if (change.has_message()) ids.insert(change.message().id());
    }
  }
  EXPECT_EQ(position, backend.Head());
  EXPECT_EQ(ids.size(), 450U);
}

TEST(SessionResumeTest, ItemThatChangedOftenIsSentOnceAsItIsNow) {
  BackendFixture backend;
  backend.AppendMany(1);
  const auto log = *backend.store->GetLog(backend.user);
  ASSERT_TRUE(backend.store->Edit(backend.user, {"c", "m1", 1, "second", backend.clock.Now()}));
  ASSERT_TRUE(backend.store->Edit(backend.user, {"c", "m1", 2, "third", backend.clock.Now()}));
  FakeClient client(backend);
  client.Greet(backend.token, At(log.epoch, log.head));
  client.Subscribe("c");
  const auto changes = client.Hear().changes();
  ASSERT_EQ(changes.changes_size(), 2);
  EXPECT_EQ(changes.changes(0).message().content(), "third");
  EXPECT_EQ(changes.changes(0).message().revision(), 3U);
  EXPECT_EQ(changes.to().position(), log.head + 2);
}

TEST(SessionResumeTest, BigMessagesAreSplitOverFramesTheClientAccepts) {
  BackendFixture backend;
  const auto log = *backend.store->GetLog(backend.user);
  for (int i = 0; i < 10; ++i) {
    const Message message = MakeMessage("big" + std::to_string(i), std::string(65'536, 'x'));
    ASSERT_TRUE(backend.store->Append(backend.user, message));
  }
  FakeClient client(backend);
  wire::ClientFrame hello;
  hello.mutable_hello()->set_token(backend.token);
  hello.mutable_hello()->set_max_frame_bytes(262'144);
  *hello.mutable_hello()->mutable_cursor() = At(log.epoch, log.head);
  EXPECT_EQ(client.Ask(hello).welcome().limits().max_frame_bytes(), 262'144U);
  client.Subscribe("c");
  int bodies = 0;
  for (const std::string& frame : client.frames()) EXPECT_LE(frame.size(), 262'144U);
  while (!client.frames().empty()) {
    const wire::ServerFrame frame = client.Hear();
    for (const auto& change : frame.changes().changes()) bodies += change.has_message();
  }
  EXPECT_EQ(bodies, 10);
}

}  // namespace
}  // namespace hark::backend
