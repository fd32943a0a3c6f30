#include "tools/hark/doctor.h"

#include <chrono>
#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

namespace hark::cli {
namespace {

TEST(Redacted, TakesOutHomeNameAndRuntimeFolder) {
  const std::string runtime = "/run/user/" + std::to_string(::geteuid()) + "/hark";
  EXPECT_EQ(Redacted("/home/ark/x and " + runtime + " of ark", "/home/ark", "ark"),
            "~/x and /run/user/…/hark of …");
}

TEST(Redacted, AUserNameIsOnlyTakenOutAsAWordOfItsOwn) {
  EXPECT_EQ(Redacted("hark, harkd: ark.", "/home/ark", "ark"), "hark, harkd: ….");
}

TEST(Redacted, TakesOutIdsAndTokensAndLeavesWordsAndNumbers) {
  EXPECT_EQ(Redacted("account 0123456789abcdef0123456789abcdef of 123456 bytes", "/home/a", "a"),
            "account … of 123456 bytes");
  EXPECT_EQ(Redacted("id=01a216b7-04f6-7365-8d04-4e413f1a4d4b", "/h", "u"), "id=…");
  EXPECT_EQ(Redacted("hark_last_synced_time_seconds 1.5", "/h", "u"),
            "hark_last_synced_time_seconds 1.5");
}

TEST(Redacted, OfAnAddressTakesOutPasswordAndQuery) {
  EXPECT_EQ(Redacted("url = \"wss://me:secret@chat.example/sync?token=t#f\" x", "/h", "u"),
            "url = \"wss://…@chat.example/sync?…\" x");
  EXPECT_EQ(Redacted("ws://127.0.0.1:1/a@b", "/h", "u"), "ws://127.0.0.1:1/a@b");
}

TEST(RedactedLogLine, KeepsTheEventNumbersAndWhatIsHarmless) {
  EXPECT_EQ(RedactedLogLine("sync_state state=live attempt=3"), "sync_state state=live attempt=3");
  EXPECT_EQ(RedactedLogLine("gone why=\"cannot read 'a title'\" user=ada size=12"),
            "gone why=cannot read '…' user=… size=12");
}

TEST(RedactedLogLine, HidesWhatItDoesNotKnow) {
  EXPECT_EQ(RedactedLogLine("Traceback of somebody"), "…");
  EXPECT_EQ(RedactedLogLine("ready path=\"/a b\" loose"), "ready path=… …=…");
  EXPECT_EQ(RedactedLogLine(""), "…");
}

TEST(ParseBackendUrl, GivesHostAndPort) {
  const auto check = [](const char* url, const char* host, const char* port) {
    const auto address = ParseBackendUrl(url);
    ASSERT_TRUE(address) << url;
    EXPECT_EQ(address->host, host);
    EXPECT_EQ(address->port, port);
  };
  check("ws://127.0.0.1:8765/api", "127.0.0.1", "8765");
  check("wss://chat.example", "chat.example", "443");
  check("ws://chat.example?x=1", "chat.example", "80");
  check("ws://[::1]:9/x", "::1", "9");
  check("wss://[::1]", "::1", "443");
  EXPECT_FALSE(ParseBackendUrl("chat.example"));
  EXPECT_FALSE(ParseBackendUrl("ws://"));
}

TEST(CheckClock, ADayBeforeHarkExistedIsAProblem) {
  Surroundings around;
  around.now = std::chrono::sys_days(std::chrono::year(1970) / 1 / 1);
  EXPECT_EQ(CheckClock(around).verdict, Verdict::kProblem);
  around.now = std::chrono::sys_days(std::chrono::year(2027) / 1 / 1);
  EXPECT_EQ(CheckClock(around).verdict, Verdict::kGood);
}

TEST(CheckKey, GivesTheDaemonsWordAndAMendForEachState) {
  using State = client::KeyStatus::State;
  Surroundings around;
  const auto check = [&around](State state, Verdict verdict) {
    around.daemon.keys = client::KeyStatus{state, "file", 3, false, "The sentence."};
    const Finding finding = CheckKey(around);
    EXPECT_EQ(finding.verdict, verdict) << finding.what;
    EXPECT_EQ(finding.mend.empty(), verdict == Verdict::kGood) << finding.what;
    return finding;
  };
  check(State::kNone, Verdict::kGood);
  check(State::kReady, Verdict::kGood);
  for (const State state : {State::kLocked, State::kMissing, State::kWrongKey,
                            State::kKeyStoreChanged, State::kCorrupt})
    EXPECT_TRUE(check(state, Verdict::kProblem).what.ends_with(": The sentence."));
  check(State::kUnknown, Verdict::kWarning);
}

TEST(CheckService, SaysWhatIsWrongWithTheUnit) {
  Surroundings around;
  EXPECT_EQ(CheckService(around).verdict, Verdict::kWarning);
  around.service_unit = {{"LoadState", "not-found"}};
  EXPECT_EQ(CheckService(around).mend, "hark service install");
  around.service_unit = {{"LoadState", "loaded"}, {"ActiveState", "inactive"}};
  EXPECT_EQ(CheckService(around).verdict, Verdict::kProblem);
  around.socket_unit = {{"ActiveState", "active"}};
  EXPECT_EQ(CheckService(around).verdict, Verdict::kGood);
  around.service_unit = {{"LoadState", "loaded"}, {"ActiveState", "active"}, {"NRestarts", "3"}};
  EXPECT_EQ(CheckService(around).verdict, Verdict::kWarning);
  around.service_unit["ActiveState"] = "failed";
  EXPECT_EQ(CheckService(around).verdict, Verdict::kProblem);
}

}  // namespace
}  // namespace hark::cli
