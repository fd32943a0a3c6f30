// hark status and hark admin, as far as keys go: the real binary against a fake daemon.

#include <string>

#include <gmock/gmock.h>
#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include "hark/v1/keys.pb.h"

#include "tests/unit/hark_cli/cli_fixture.h"

namespace hark::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class KeyCliTest : public CliFixture {};

TEST_F(KeyCliTest, StatusSaysHowTheKeysStandAndWhatToDo) {
  EXPECT_THAT(Run({"status"}).out, HasSubstr("ready, in the key store 'file', generation 1"));
  v1::KeyStatus keys;
  keys.set_state(v1::KeyStatus::STATE_LOCKED);
  keys.set_kind("secret-service");
  keys.set_generation(4);
  keys.set_sentence("Unlock it.");
  daemon_.SetKeys(keys);
  EXPECT_THAT(Run({"status"}).out, HasSubstr("LOCKED: Unlock it."));
  EXPECT_THAT(Run({"status", "--json"}).out,
              HasSubstr(R"("key_state":"locked","key_kind":"secret-service","key_generation":4,)"
                        R"("recovery_code":false,"key_sentence":"Unlock it.")"));
}

TEST_F(KeyCliTest, StatusWorksWithADaemonThatSaysNothingOfKeys) {
  daemon_.FailNext("GetKeyStatus", grpc::StatusCode::UNIMPLEMENTED, "");
  const CliResult status = Run({"status"});
  EXPECT_EQ(status.code, 0);
  EXPECT_THAT(status.out, Not(HasSubstr("ready")));
}

TEST_F(KeyCliTest, RotationSaysWhatBecameOfTheRecoveryCode) {
  EXPECT_THAT(Run({"admin", "rotate-key"}).out,
              AllOf(HasSubstr("generation 2"), Not(HasSubstr("recovery code"))));
  v1::KeyStatus keys;
  keys.set_state(v1::KeyStatus::STATE_READY);
  keys.set_generation(2);
  keys.set_has_recovery_code(true);
  daemon_.SetKeys(keys);
  EXPECT_THAT(
      Run({"admin", "rotate-key", "--full"}).out,
      AllOf(HasSubstr("generation 3"), HasSubstr("2 files"), HasSubstr("does not fit any more")));
  EXPECT_THAT(Run({"admin", "rotate-key", "--json"}).out,
              StartsWith(R"({"type":"key_rotated","generation":3,"files":0,)"
                         R"("recovery_code_dropped":true})"));
}

TEST_F(KeyCliTest, ARecoveryCodeIsShownAndTakenFromStdin) {
  EXPECT_THAT(Run({"admin", "recovery-code"}).out, StartsWith("GOOD\n"));
  EXPECT_THAT(Run({"admin", "recover"}, "GOOD\n").out, StartsWith("keys: ready"));
  const CliResult refused = Run({"admin", "recover"}, "SECRET-CODE\n");
  EXPECT_EQ(refused.code, 7);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("Group 3"), Not(HasSubstr("SECRET"))));
}

}  // namespace
}  // namespace hark::test
