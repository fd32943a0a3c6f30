#include "daemon/account/session_record.h"

#include <gtest/gtest.h>

namespace hark::account {
namespace {

TEST(SessionRecord, ComesBackAsItWas) {
  SessionRecord record{"ws://127.0.0.1:1/api/v1/sync", UserId("ada:9,\n\"x\""), "device",
                       Secret(std::string("to:ken,"))};
  const Result<SessionRecord> back = ParseSessionRecord(Serialize(record));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->backend_url, record.backend_url);
  EXPECT_EQ(back->user, record.user);
  EXPECT_EQ(back->device_id, record.device_id);
  EXPECT_TRUE(back->token.Equals("to:ken,"));
}

TEST(SessionRecord, EveryDamagedRecordIsRefused) {
  const Secret whole = Serialize({"url", UserId("ada"), "device", Secret(std::string("token"))});
  for (std::size_t cut = 0; cut < whole.bytes().size(); ++cut) {
    EXPECT_FALSE(ParseSessionRecord(Secret(std::string(whole.bytes().substr(0, cut))))) << cut;
  }
  EXPECT_FALSE(ParseSessionRecord(Secret(std::string(whole.bytes()) + "1:x,")));
  EXPECT_FALSE(ParseSessionRecord(Secret(std::string("99999999999999999999:x,"))));
  EXPECT_FALSE(ParseSessionRecord(Secret(std::string("1:2,0:,1:a,0:,0:,")))) << "another version";
}

}  // namespace
}  // namespace hark::account
