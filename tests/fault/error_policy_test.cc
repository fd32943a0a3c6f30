// Every code of sqlite3.h has a verdict of its own.

#include "daemon/store/error_policy.h"

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "daemon/base/log.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

// Name and number of each result code of the header that this is compiled with.
std::map<std::string, int> CodesOfHeader() {
  std::ifstream stream(SQLCIPHER_HEADER);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  std::map<std::string, int> codes;
  // The primary codes stand between these two.
  const auto begin = text.find("#define SQLITE_OK ");
  const auto end = text.find("#define SQLITE_DONE ");
  const std::regex primary(R"(#define (SQLITE_[A-Z]+)\s+(\d+))");
  const std::string list = text.substr(begin, text.find('\n', end) - begin);
  for (std::sregex_iterator at(list.begin(), list.end(), primary), none; at != none; ++at)
    codes[(*at)[1]] = std::stoi((*at)[2]);
  const std::regex extended(
      R"(#define (SQLITE_[A-Z_]+)\s+\((SQLITE_[A-Z]+)\s*\|\s*\((\d+)<<8\)\))");
  for (std::sregex_iterator at(text.begin(), text.end(), extended), none; at != none; ++at) {
    const auto of = codes.find((*at)[2]);
    if (of != codes.end()) codes[(*at)[1]] = of->second | (std::stoi((*at)[3]) << 8);
  }
  return codes;
}

ErrorCode CodeFor(int code) {
  return ToError(SQLite::Exception("", code)).code;
}

TEST(ErrorPolicyTest, EveryCodeOfTheHeaderIsDecided) {
  const auto codes = CodesOfHeader();
  ASSERT_GE(codes.size(), 100U);
  ASSERT_EQ(codes.at("SQLITE_IOERR_FSYNC"), SQLITE_IOERR_FSYNC);
  for (const auto& [name, code] : codes) EXPECT_TRUE(IsDecided(code)) << name << " " << code;
}

TEST(ErrorPolicyTest, AnUnknownExtendedCodeIsJudgedAsItsPrimaryOne) {
  EXPECT_FALSE(IsDecided(SQLITE_IOERR | (200 << 8)));
  EXPECT_EQ(VerdictOf(SQLITE_IOERR | (200 << 8)), Verdict::kReopen);
  EXPECT_EQ(VerdictOf(SQLITE_CORRUPT | (200 << 8)), Verdict::kSetAside);
  EXPECT_EQ(VerdictOf(77), Verdict::kBug);
}

TEST(ErrorPolicyTest, TheVerdictDecidesWhatTheCallerIsTold) {
  EXPECT_EQ(CodeFor(SQLITE_FULL), ErrorCode::kResourceExhausted);
  EXPECT_EQ(CodeFor(SQLITE_READONLY_DIRECTORY), ErrorCode::kResourceExhausted);
  EXPECT_EQ(CodeFor(SQLITE_IOERR_FSYNC), ErrorCode::kResourceExhausted);
  EXPECT_EQ(CodeFor(SQLITE_BUSY), ErrorCode::kResourceExhausted);
  EXPECT_EQ(CodeFor(SQLITE_NOTADB), ErrorCode::kCorrupt);
  EXPECT_EQ(CodeFor(SQLITE_CORRUPT_INDEX), ErrorCode::kCorrupt);
  EXPECT_EQ(CodeFor(SQLITE_TOOBIG), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeFor(SQLITE_CONSTRAINT_UNIQUE), ErrorCode::kInternal);
}

TEST(ErrorPolicyTest, APersonIsToldASentenceAndTheLogTheNumber) {
  log::Start(log::Level::kInfo);
  for (const auto& [name, code] : CodesOfHeader()) {
    testing::internal::CaptureStderr();
    const Error error = ToError(SQLite::Exception("", code));
    const std::string line = testing::internal::GetCapturedStderr();
    EXPECT_EQ(error.message.find_first_of("0123456789"), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find("SQL"), std::string::npos) << error.message;
    const std::string logged =
        "sqlite_failed number=" + std::to_string(code) + " why=\"" + error.message + "\"\n";
    if (VerdictOf(code) == Verdict::kRetry) {
      EXPECT_EQ(line, "") << name;
    } else {
      EXPECT_NE(line.find(logged), std::string::npos) << name << ": " << line;
    }
  }
  EXPECT_EQ(ToError(SQLite::Exception("", SQLITE_FULL)).message, "the disk is full");
}

TEST(ErrorPolicyTest, OnlyWhatTheSystemOrTheFileDidNeedsANewConnection) {
  EXPECT_TRUE(NeedsReopening(VerdictOf(SQLITE_IOERR_FSYNC)));
  EXPECT_TRUE(NeedsReopening(VerdictOf(SQLITE_NOMEM)));
  EXPECT_TRUE(NeedsReopening(VerdictOf(SQLITE_NOTADB)));
  EXPECT_FALSE(NeedsReopening(VerdictOf(SQLITE_FULL)));
  EXPECT_FALSE(NeedsReopening(VerdictOf(SQLITE_BUSY_SNAPSHOT)));
  EXPECT_TRUE(MakesLogDoubtful(SQLITE_IOERR_FSYNC));
  EXPECT_FALSE(MakesLogDoubtful(SQLITE_FULL));
}

}  // namespace
}  // namespace hark::store
