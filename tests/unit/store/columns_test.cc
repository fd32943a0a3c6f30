#include "daemon/store/columns.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace hark::store {
namespace {

// Binds one value and answers what the column would hold.
class ColumnsTest : public testing::Test {
 protected:
  ColumnsTest() { sqlite3_open(":memory:", &database_); }
  ~ColumnsTest() override { sqlite3_close(database_); }

  template <typename Bind, typename Check>
  void Through(Bind bind, Check check) {
    StatementCache statements(database_);
    {
      Query query(statements, "SELECT ?");
      bind(query);
      ASSERT_TRUE(query.Next());
      check(query);
    }
  }

  sqlite3* database_ = nullptr;
};

TEST_F(ColumnsTest, CanonicalUuidTakesSixteenBytes) {
  const std::string id = "01890a5d-ac96-774b-bcce-b302099a8057";
  Through([&](Query& query) { BindId(query, id); },
          [&](const Query& query) {
            EXPECT_EQ(query.GetBytes(0).size(), 16U);
            EXPECT_TRUE(query.IsBlob(0));
            EXPECT_EQ(GetId(query, 0), id);
          });
}

TEST_F(ColumnsTest, AnyOtherIdIsText) {
  for (const std::string& id :
       {std::string(), std::string(16, 'x'), std::string("01890A5D-AC96-774B-BCCE-B302099A8057"),
        std::string("01890a5d-ac96-774b-bcce-b302099a805"),
        std::string("01890a5d+ac96-774b-bcce-b302099a8057")}) {
    Through([&](Query& query) { BindId(query, id); },
            [&](const Query& query) {
              EXPECT_FALSE(query.IsBlob(0)) << id;
              EXPECT_EQ(GetId(query, 0), id);
            });
  }
}

TEST_F(ColumnsTest, ServerIdThatIsTheIdIsNotRepeated) {
  Through([](Query& query) { BindServerId(query, "same", "same"); },
          [](const Query& query) {
            EXPECT_TRUE(query.IsInteger(0));
            EXPECT_EQ(GetServerId(query, 0, "same"), "same");
          });
  Through([](Query& query) { BindServerId(query, "", "id"); },
          [](const Query& query) { EXPECT_EQ(GetServerId(query, 0, "id"), ""); });
  Through([](Query& query) { BindServerId(query, "1", "id"); },
          [](const Query& query) { EXPECT_EQ(GetServerId(query, 0, "id"), "1"); });
}

TEST_F(ColumnsTest, ContentTypesComeBack) {
  for (const std::string type :
       {"", "text/plain", "text/markdown", "text/html", "application/json", "1"}) {
    Through([&](Query& query) { BindContentType(query, type); },
            [&](const Query& query) { EXPECT_EQ(GetContentType(query, 0), type); });
  }
}

}  // namespace
}  // namespace hark::store
