#include "daemon/base/log_line.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "daemon/base/utf8.h"

namespace hark::log {
namespace {

TEST(LogLine, TextKeepsFieldsApartAndTheLineOne) {
  const std::array fields{Field("attempt", 3), Field::Safe("path", "/a b\nc\"d")};
  EXPECT_EQ(TextLine("connected", fields), R"(connected attempt=3 path="/a b c\"d")");
}

TEST(LogLine, JsonIsOneLineOfValidUtf8WhateverAFieldHolds) {
  const std::array fields{Field("attempt", 3), Field::Safe("path", "/a\n\"\\\xC3\xA9"),
                          Field::Safe("bad", "\xFF\xFEx")};
  const std::string members = JsonMembers("connected", fields);
  EXPECT_EQ(members,
            "\"event\":\"connected\",\"attempt\":\"3\",\"path\":\"/a?\\\"\\\\\xC3\xA9\","
            "\"bad\":\"??x\"");
  EXPECT_TRUE(IsValidUtf8(members));
}

TEST(LogLine, TheJournalGetsThePriorityTheEventAndEachField) {
  const std::array fields{Field("attempt", 3)};
  EXPECT_EQ(JournalEntry(Level::kWarning, "connection_lost", fields),
            "MESSAGE=connection_lost attempt=3\nPRIORITY=4\nSYSLOG_IDENTIFIER=harkd\n"
            "HARK_EVENT=connection_lost\nHARK_ATTEMPT=3\n");
}

// A value with a line break could otherwise add a field of its own, such as _UID.
TEST(LogLine, AValueWithALineBreakComesToTheJournalWithItsLength) {
  const std::array fields{Field::Safe("why", "a\nPRIORITY=0")};
  const std::string entry = JournalEntry(Level::kInfo, "e", fields);
  const std::string framed =
      std::string("HARK_WHY\n") + '\x0C' + std::string(7, '\0') + "a\nPRIORITY=0\n";
  EXPECT_TRUE(entry.ends_with(framed)) << entry;
}

TEST(LogLine, ANameThatTheJournalRefusesIsLeftOut) {
  const std::array fields{Field("no good", 1), Field("Upper", 2)};
  const std::string entry = JournalEntry(Level::kInfo, "e", fields);
  EXPECT_EQ(entry.find("\nHARK_NO"), std::string::npos);
  EXPECT_EQ(entry.find("\nHARK_UPPER"), std::string::npos);
  EXPECT_TRUE(entry.starts_with("MESSAGE=e no good=1 Upper=2\n"));
}

}  // namespace
}  // namespace hark::log
