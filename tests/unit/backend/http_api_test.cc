// The REST history: pages, and errors as JSON.
#include "tools/backend/http_api.h"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "tests/unit/backend/support.h"

namespace hark::backend {
namespace {

class HttpApiTest : public testing::Test {
 protected:
  struct Page {
    std::vector<std::string> ids;
    std::uint64_t total = 0;
    bool has_more = false;
  };

  HttpReply Get(const std::string& target) {
    return api_.Answer({"GET", target, "Bearer " + backend_.token});
  }

  Page GetPage(const std::string& query) {
    const auto reply = Get("/api/v1/conversation/messages?conversation_id=c" + query);
    EXPECT_EQ(reply.status, 200U) << reply.body;
    const auto body = boost::json::parse(reply.body).as_object();
    Page page;
    for (const auto& message : body.at("messages").as_array()) {
      page.ids.emplace_back(message.at("id").as_string().c_str());
    }
    page.total = body.at("total_count").to_number<std::uint64_t>();
    page.has_more = body.at("has_more").as_bool();
    return page;
  }

  using Ids = std::vector<std::string>;

  BackendFixture backend_;
  HttpApi api_{*backend_.store, *backend_.users, backend_.hub};
};

TEST_F(HttpApiTest, FirstPageIsTheNewest) {
  backend_.AppendMany(5);
  auto page = GetPage("&page_size=2");
  EXPECT_EQ(page.ids, (Ids{"m4", "m5"}));
  EXPECT_EQ(page.total, 5U);
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(GetPage("&page_size=2&page=2").ids, (Ids{"m2", "m3"}));
  page = GetPage("&page_size=2&page=3");
  EXPECT_EQ(page.ids, (Ids{"m1"}));
  EXPECT_FALSE(page.has_more);
  EXPECT_TRUE(GetPage("&page_size=2&page=4").ids.empty());
  EXPECT_TRUE(GetPage("&page_size=200&page=1000000000").ids.empty());
}

TEST_F(HttpApiTest, DeletedMessagesAreLeftOut) {
  backend_.AppendMany(6);
  for (const char* id : {"m2", "m5"}) {
    ASSERT_TRUE(backend_.store->Delete(backend_.user, {"c", id, 0}));
  }
  auto page = GetPage("&page_size=2");
  EXPECT_EQ(page.ids, (Ids{"m4", "m6"}));
  EXPECT_EQ(page.total, 4U);
  EXPECT_TRUE(page.has_more);
  page = GetPage("&page_size=2&page=2");
  EXPECT_EQ(page.ids, (Ids{"m1", "m3"}));
  EXPECT_FALSE(page.has_more);
}

TEST_F(HttpApiTest, PagesCountFromBeforeAMessage) {
  backend_.AppendMany(6);
  EXPECT_EQ(GetPage("&page_size=2&before_message_id=m5").ids, (Ids{"m3", "m4"}));
  EXPECT_EQ(GetPage("&page_size=2&page=2&before_message_id=m5").ids, (Ids{"m1", "m2"}));
  EXPECT_TRUE(GetPage("&before_message_id=m1").ids.empty());
}

TEST_F(HttpApiTest, ErrorsSayWhat) {
  const std::string path = "/api/v1/conversation/messages";
  EXPECT_EQ(Get(path).status, 400U);
  for (const char* bad : {"page=0", "page=x", "page_size=0", "page_size=201", "page_size=-1"}) {
    EXPECT_EQ(Get(path + "?conversation_id=c&" + bad).status, 400U) << bad;
  }
  EXPECT_EQ(Get(path + "?conversation_id=unknown").status, 404U);
  EXPECT_EQ(Get(path + "?conversation_id=c&before_message_id=unknown").status, 404U);
  EXPECT_EQ(Get(path + "?conversation_id=%ff").status, 400U);
  EXPECT_EQ(Get("/elsewhere").status, 404U);
  EXPECT_EQ(api_.Answer({"POST", "/health", ""}).status, 404U);
  EXPECT_EQ(api_.Answer({"GET", path + "?conversation_id=c", ""}).status, 401U);
  EXPECT_EQ(api_.Answer({"GET", path + "?conversation_id=c", "Bearer wrong"}).status, 401U);
  const auto body = boost::json::parse(Get("/elsewhere").body);
  EXPECT_EQ(body.at("error").at("code").as_string(), "not_found");
}

TEST_F(HttpApiTest, HealthNeedsNoToken) {
  const auto reply = api_.Answer({"GET", "/health", ""});
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(boost::json::parse(reply.body).at("status").as_string(), "ok");
}

}  // namespace
}  // namespace hark::backend
