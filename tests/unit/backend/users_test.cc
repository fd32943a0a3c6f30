// Users and tokens.
#include <iterator>

#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/unit/backend/support.h"
#include "tools/backend/random.h"

namespace hark::backend {
namespace {

class UsersTest : public testing::Test {
 protected:
  test::ScratchFolder dir_;
  FakeClock clock_;
  std::unique_ptr<Users> users_ = std::move(*Users::Open(dir_ / "users.db", clock_));
};

TEST_F(UsersTest, TokenIsStoredOnlyAsItsDigest) {
  ASSERT_TRUE(users_->Add("ana"));
  const std::string token = users_->CreateToken("ana", std::nullopt)->token;
  const std::string bytes = test::ReadBytes(dir_ / "users.db");
  EXPECT_EQ(bytes.find(token), std::string::npos);
  EXPECT_EQ(bytes.find(token.substr(5)), std::string::npos);
  EXPECT_NE(bytes.find(Sha256(token)), std::string::npos);
}

TEST_F(UsersTest, TokenIsAcceptedUntilItExpires) {
  const auto id = users_->Add("ana")->id;
  const auto token = users_->CreateToken("ana", std::chrono::seconds(60))->token;
  EXPECT_EQ(users_->Authenticate(token)->user_id, id);
  clock_.Advance(std::chrono::milliseconds(59'999));
  EXPECT_TRUE(users_->Authenticate(token));
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(users_->Authenticate(token).error().code, ErrorCode::kUnauthenticated);
}

TEST_F(UsersTest, WrongAndRevokedTokensAreRefusedAlike) {
  ASSERT_TRUE(users_->Add("ana"));
  const auto one = users_->CreateToken("ana", std::nullopt)->token;
  const auto two = users_->CreateToken("ana", std::nullopt)->token;
  EXPECT_NE(one, two);
  ASSERT_TRUE(users_->Revoke(one));
  EXPECT_EQ(users_->Authenticate(one).error().message,
            users_->Authenticate("hark_x").error().message);
  EXPECT_TRUE(users_->Authenticate(two));
  EXPECT_EQ(*users_->RevokeAll("ana"), 1);
  EXPECT_FALSE(users_->Authenticate(two));
}

TEST_F(UsersTest, RenewalKeepsTheOldTokenForAWhile) {
  ASSERT_TRUE(users_->Add("ana"));
  const auto endless = users_->CreateToken("ana", std::nullopt)->token;
  const auto renewed = users_->Renew(*users_->Authenticate(endless));
  ASSERT_TRUE(renewed);
  EXPECT_FALSE(renewed->expires_at);
  EXPECT_TRUE(users_->Authenticate(endless));
  clock_.Advance(kRenewedTokenGrace);
  EXPECT_FALSE(users_->Authenticate(endless));
  EXPECT_TRUE(users_->Authenticate(renewed->token));
}

TEST_F(UsersTest, RenewedTokenLivesAsLongAsTheFirst) {
  ASSERT_TRUE(users_->Add("ana"));
  const auto token = users_->CreateToken("ana", std::chrono::hours(10))->token;
  clock_.Advance(std::chrono::hours(9));
  const auto renewed = users_->Renew(*users_->Authenticate(token));
  EXPECT_EQ(renewed->expires_at, clock_.Now() + std::chrono::hours(10));
}

TEST_F(UsersTest, AnotherProcessIsNoticed) {
  const auto other = std::move(*Users::Open(dir_ / "users.db", clock_));
  const auto before = *users_->Version();
  ASSERT_TRUE(other->Add("bob"));
  EXPECT_NE(*users_->Version(), before);
  EXPECT_TRUE(users_->Find("bob"));
}

TEST_F(UsersTest, NamesAreCheckedAndUnique) {
  EXPECT_EQ(users_->Add("").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(users_->Add("a b").error().code, ErrorCode::kInvalid);
  ASSERT_TRUE(users_->Add("ana"));
  EXPECT_EQ(users_->Add("ana").error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(users_->CreateToken("bob", std::nullopt).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace hark::backend
