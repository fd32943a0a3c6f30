// hark.v1.Keys over a real socket, and that hark.v1.Sync looks for keys when somebody asks.

#include <memory>
#include <string>

#include "hark/v1/keys.grpc.pb.h"
#include "hark/v1/sync.grpc.pb.h"

#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

class KeysTest : public ServerTest {
 protected:
  std::unique_ptr<v1::Keys::Stub> Stub() { return v1::Keys::NewStub(channel_); }
};

TEST_F(KeysTest, EachStateHasItsValueAndItsSentence) {
  const std::pair<keys::KeyState, v1::KeyStatus::State> states[] = {
      {keys::KeyState::kNone, v1::KeyStatus::STATE_NONE},
      {keys::KeyState::kReady, v1::KeyStatus::STATE_READY},
      {keys::KeyState::kLocked, v1::KeyStatus::STATE_LOCKED},
      {keys::KeyState::kMissing, v1::KeyStatus::STATE_MISSING},
      {keys::KeyState::kWrongKey, v1::KeyStatus::STATE_WRONG_KEY},
      {keys::KeyState::kKeyStoreChanged, v1::KeyStatus::STATE_KEY_STORE_CHANGED},
      {keys::KeyState::kCorrupt, v1::KeyStatus::STATE_CORRUPT},
  };
  for (const auto& [state, expected] : states) {
    accounts_.fake_keys().Set({state, "credential", 7, true, "Do this."});
    grpc::ClientContext context;
    v1::GetKeyStatusResponse response;
    ASSERT_TRUE(Stub()->GetKeyStatus(&context, {}, &response).ok());
    EXPECT_EQ(response.keys().state(), expected);
    EXPECT_EQ(response.keys().kind(), "credential");
    EXPECT_EQ(response.keys().generation(), 7U);
    EXPECT_TRUE(response.keys().has_recovery_code());
    EXPECT_EQ(response.keys().sentence(), "Do this.");
  }
}

TEST_F(KeysTest, ARotationSaysWhatItDid) {
  accounts_.fake_keys().Set({keys::KeyState::kReady, "file", 3, true, ""});
  v1::RotateKeyRequest request;
  request.set_full(true);
  grpc::ClientContext context;
  v1::RotateKeyResponse response;
  ASSERT_TRUE(Stub()->RotateKey(&context, request, &response).ok());
  EXPECT_EQ(response.generation(), 4U);
  EXPECT_TRUE(response.recovery_code_dropped());
  EXPECT_EQ(response.files(), 2U);

  request.set_to("nowhere");
  grpc::ClientContext second;
  EXPECT_EQ(Stub()->RotateKey(&second, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(KeysTest, ARecoveryCodeIsGivenAndTaken) {
  grpc::ClientContext first;
  v1::CreateRecoveryCodeResponse made;
  ASSERT_TRUE(Stub()->CreateRecoveryCode(&first, {}, &made).ok());
  v1::RecoverRequest request;
  request.set_code(made.code());
  grpc::ClientContext second;
  v1::RecoverResponse recovered;
  EXPECT_TRUE(Stub()->Recover(&second, request, &recovered).ok());
  EXPECT_EQ(recovered.keys().state(), v1::KeyStatus::STATE_READY);

  request.set_code("OTHER-CODE");
  grpc::ClientContext third;
  const grpc::Status refused = Stub()->Recover(&third, request, &recovered);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), testing::Not(testing::HasSubstr("OTHER")));
}

TEST_F(KeysTest, WhoAsksForASyncWithoutAnAccountHasTheKeysLookedFor) {
  accounts_.Forget();
  grpc::ClientContext context;
  v1::SyncNowResponse response;
  EXPECT_FALSE(v1::Sync::NewStub(channel_)->SyncNow(&context, {}, &response).ok());
  EXPECT_EQ(accounts_.fake_keys().looks(), 1);
}

}  // namespace
}  // namespace hark::ipc
