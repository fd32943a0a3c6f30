// hark.v1.Account, Admin and Sync, health and reflection over a real socket.

#include <chrono>
#include <memory>
#include <string>

#include <unistd.h>

#include <grpcpp/completion_queue.h>

#include "hark/v1/account.grpc.pb.h"
#include "hark/v1/admin.grpc.pb.h"
#include "hark/v1/sync.grpc.pb.h"

#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

class AccountTest : public ServerTest {
 protected:
  grpc::Status SignIn(const std::string& token, v1::SignInResponse* response) {
    v1::SignInRequest request;
    request.set_token(token);
    grpc::ClientContext context;
    return v1::Account::NewStub(channel_)->SignIn(&context, request, response);
  }
};

TEST_F(AccountTest, SignInAnswersTheAccount) {
  v1::SignInResponse response;
  ASSERT_TRUE(SignIn("good-token", &response).ok());
  EXPECT_EQ(response.account().user_id(), "ada");
  EXPECT_EQ(response.account().state(), v1::AccountInfo::STATE_SIGNED_IN);
}

TEST_F(AccountTest, RefusedTokenIsUnauthenticated) {
  v1::SignInResponse response;
  const grpc::Status status = SignIn("wrong", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ReasonOf(status), "TOKEN_REFUSED");
  EXPECT_THAT(status.error_message(), testing::Not(testing::HasSubstr("wrong")));
}

TEST_F(AccountTest, UnreachableBackendIsUnavailable) {
  v1::SignInResponse response;
  const grpc::Status status = SignIn("offline", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "OFFLINE");
}

TEST_F(AccountTest, MalformedTokensAreRefused) {
  for (const std::string& token : {std::string(), std::string("a b"), std::string("a\n"),
                                   std::string("ä"), std::string(4'097, 'x')}) {
    v1::SignInResponse response;
    EXPECT_EQ(SignIn(token, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(AccountTest, SignOutKeepsTheAccountReadable) {
  grpc::ClientContext context;
  v1::SignOutResponse response;
  ASSERT_TRUE(v1::Account::NewStub(channel_)->SignOut(&context, {}, &response).ok());
  EXPECT_EQ(response.account().state(), v1::AccountInfo::STATE_SIGNED_OUT);
  grpc::ClientContext second;
  v1::GetAccountResponse account;
  ASSERT_TRUE(v1::Account::NewStub(channel_)->GetAccount(&second, {}, &account).ok());
  EXPECT_EQ(account.account().state(), v1::AccountInfo::STATE_SIGNED_OUT);
  EXPECT_EQ(account.account().user_id(), "ada");
}

TEST_F(AccountTest, SyncNowNeedsSomebodySignedIn) {
  const auto stub = v1::Sync::NewStub(channel_);
  v1::SyncNowResponse response;
  grpc::ClientContext first;
  EXPECT_TRUE(stub->SyncNow(&first, {}, &response).ok());
  EXPECT_EQ(ada_->sync_nows(), 1);

  accounts_.SignOut([](const Result<account::AccountInfo>&) {});
  grpc::ClientContext second;
  EXPECT_EQ(stub->SyncNow(&second, {}, &response).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  accounts_.Forget();
  grpc::ClientContext third;
  EXPECT_EQ(stub->SyncNow(&third, {}, &response).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ada_->sync_nows(), 1);
}

TEST_F(AccountTest, VersionSaysWhichDaemonThisIs) {
  grpc::ClientContext context;
  v1::GetVersionResponse response;
  ASSERT_TRUE(v1::Admin::NewStub(channel_)->GetVersion(&context, {}, &response).ok());
  EXPECT_EQ(response.version(), "1.2.3");
  EXPECT_EQ(response.api_major(), 1U);
  EXPECT_EQ(response.cipher_version(), "4.6.1 community");
  EXPECT_EQ(response.process_id(), static_cast<std::uint32_t>(::getpid()));
  EXPECT_GT(response.started_at().seconds(), 0);
  EXPECT_EQ(response.data_dir(), "/somebody's/data");
  EXPECT_THAT(response.capabilities(), testing::Contains("watch-resume"));
}

TEST_F(AccountTest, StatisticsCountAlsoWithoutAnAccount) {
  ada_->AddConversation("c", "title");
  metrics_.connects = 3;
  metrics_.apply.Record(std::chrono::microseconds(1'000));
  const auto stub = v1::Admin::NewStub(channel_);
  v1::GetStatisticsResponse response;
  grpc::ClientContext first;
  ASSERT_TRUE(stub->GetStatistics(&first, {}, &response).ok());
  EXPECT_EQ(response.conversations(), 1U);
  EXPECT_EQ(response.connects(), 3U);
  EXPECT_EQ(response.apply().count(), 1U);
  EXPECT_NEAR(static_cast<double>(response.apply().p50_us()), 1'000, 100);

  accounts_.Forget();
  grpc::ClientContext second;
  ASSERT_TRUE(stub->GetStatistics(&second, {}, &response).ok());
  EXPECT_EQ(response.conversations(), 0U);
  EXPECT_EQ(response.connects(), 3U);
}

TEST_F(AccountTest, HealthIsServingForTheWholeAndEachService) {
  for (const std::string& name : {std::string(), std::string("hark.v1.Conversations"),
                                  std::string("hark.v1.Messages"), std::string("hark.v1.Sync"),
                                  std::string("hark.v1.Account"), std::string("hark.v1.Admin")}) {
    // HealthCheckRequest { service = 1 }, HealthCheckResponse { status = 1: SERVING }.
    std::string request;
    if (!name.empty()) request = "\x0a" + std::string(1, static_cast<char>(name.size())) + name;
    std::string response;
    ASSERT_TRUE(CallRaw("/grpc.health.v1.Health/Check", request, &response).ok()) << name;
    EXPECT_EQ(response, "\x08\x01") << name;
  }
}

TEST_F(AccountTest, ReflectionListsTheServices) {
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(wait());
  // ServerReflectionRequest { list_services = 7: "" }.
  const std::string request("\x3a\x00", 2);
  const grpc::Slice slice(request.data(), request.size());
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  ASSERT_TRUE(wait());
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  ASSERT_TRUE(wait());
  grpc::Slice bytes;
  ASSERT_TRUE(answer.DumpToSingleSlice(&bytes).ok());
  const std::string text(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  EXPECT_THAT(text, testing::HasSubstr("hark.v1.Conversations"));
  EXPECT_THAT(text, testing::HasSubstr("hark.v1.Messages"));
  EXPECT_THAT(text, testing::HasSubstr("hark.v1.Admin"));
  context.TryCancel();
  queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
  }
}

class RetentionTest : public ServerTest {
 protected:
  std::unique_ptr<v1::Admin::Stub> admin_ = v1::Admin::NewStub(channel_);
};

TEST_F(RetentionTest, PreviewOfRetentionTakesTheConfiguredNumbersUnlessOthersAreGiven) {
  v1::PreviewRetentionRequest request;
  v1::PreviewRetentionResponse response;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(admin_->PreviewRetention(&context, request, &response).ok());
  }
  EXPECT_EQ(response.days(), 90U);
  EXPECT_EQ(response.messages(), 90U);
  ASSERT_EQ(response.items_size(), 1);
  EXPECT_EQ(response.items(0).conversation_id(), "old");
  EXPECT_EQ(response.items(0).before().seconds(), 2 * 86'400);
  ASSERT_EQ(response.overrides_size(), 1);
  request.set_days(0);
  request.set_max_bytes(7);
  {
    grpc::ClientContext context;
    ASSERT_TRUE(admin_->PreviewRetention(&context, request, &response).ok());
  }
  EXPECT_EQ(response.days(), 0U);
  EXPECT_EQ(response.bytes(), 7U);
  request.set_days(36'501);
  grpc::ClientContext context;
  EXPECT_EQ(admin_->PreviewRetention(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(RetentionTest, RunRetentionAnswersWhatItDid) {
  v1::RunRetentionResponse response;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(admin_->RunRetention(&context, {}, &response).ok());
  }
  EXPECT_EQ(response.messages(), 3U);
  EXPECT_EQ(response.bytes_before(), 200U);
  EXPECT_EQ(response.bytes_after(), 100U);
  accounts_.Forget();
  grpc::ClientContext context;
  EXPECT_EQ(admin_->RunRetention(&context, {}, &response).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(RetentionTest, RollBackRefusesToLoseUnsentEntriesUnlessForced) {
  v1::RollBackResponse response;
  {
    grpc::ClientContext context;
    const grpc::Status status = admin_->RollBack(&context, {}, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(ReasonOf(status), "PRECONDITION");
  }
  v1::RollBackRequest request;
  request.set_force(true);
  grpc::ClientContext context;
  ASSERT_TRUE(admin_->RollBack(&context, request, &response).ok());
  EXPECT_EQ(response.from_cache(), 3U);
  EXPECT_EQ(response.to_authored(), 1U);
  EXPECT_EQ(response.entries_lost(), 2U);
  EXPECT_EQ(response.aside(), "/aside");
}

}  // namespace
}  // namespace hark::ipc
