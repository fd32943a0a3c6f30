#include "daemon/base/uuid.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace hark {
namespace {

TEST(Uuid, IsOfVersionSevenAndCarriesTheTime) {
  const std::string id = NewUuidV7(WallTime(std::chrono::milliseconds(0x7FF0'1234'5678)));
  ASSERT_TRUE(IsUuid(id)) << id;
  EXPECT_EQ(id.substr(0, 13), "7ff01234-5678");
  EXPECT_EQ(id[14], '7');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
}

TEST(Uuid, RisesWithinOneMillisecondAndWhenTheClockGoesBack) {
  std::string last;
  for (int i = 0; i < 20'000; ++i) {
    const auto time = std::chrono::milliseconds(0x7FF0'2234'5678 - i / 1'000);
    std::string id = NewUuidV7(WallTime(time));
    EXPECT_LT(last, id);
    last = std::move(id);
  }
}

TEST(Uuid, TellsUuidsFromOtherText) {
  EXPECT_TRUE(IsUuid("01890a5d-ac96-774b-bcce-b302099a8057"));
  EXPECT_TRUE(IsUuid("01890A5D-AC96-774B-BCCE-B302099A8057"));
  for (const char* text :
       {"", "01890a5dac96774bbcceb302099a8057", "01890a5d-ac96-774b-bcce-b302099a805",
        "01890a5d-ac96-774b-bcce-b302099a805g", "{1890a5d-ac96-774b-bcce-b302099a8057"}) {
    EXPECT_FALSE(IsUuid(text)) << text;
  }
}

}  // namespace
}  // namespace hark
