#include "tools/hark/text.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tools/hark/json_line.h"
#include "tools/hark/time_text.h"

namespace hark::cli {
namespace {

using Lines = std::vector<std::string>;

TEST(PrintableTest, TextCannotDriveTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(Printable("a\x07\x7f"), "a\\x07\\x7f");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m"),
            "\\u009b31m");
  EXPECT_EQ(Printable("\xE2\x80\xAE"
                      "evil"),
            "\\u202eevil");
  EXPECT_EQ(Printable("a\nb\tc\r"), "a b c ");
  EXPECT_EQ(Printable("bad \xFF byte, \xE2\x82"), "bad \\xff byte, \\xe2\\x82");
}

TEST(PrintableTest, OrdinaryTextOfAnyScriptStays) {
  for (const char* text : {"", "plain", "żółć", "日本語", "مرحبا", "👩‍👩‍👧", "a\\nb"})
    EXPECT_EQ(Printable(text), text);
}

TEST(PrintableTest, LinesAreSplit) {
  EXPECT_EQ(PrintableLines("a\r\nb\n"), (Lines{"a", "b", ""}));
  EXPECT_EQ(PrintableLines(""), Lines{""});
}

TEST(WidthTest, CountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("abc"), 3U);
  EXPECT_EQ(DisplayWidth("żółć"), 4U);
  EXPECT_EQ(DisplayWidth("日本"), 4U);
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1U);
  EXPECT_EQ(DisplayWidth("😀"), 2U);
}

TEST(WidthTest, FitCutsAtAWholeCharacter) {
  EXPECT_EQ(Fit("abcdef", 6), "abcdef");
  EXPECT_EQ(Fit("abcdef", 4), "abc…");
  EXPECT_EQ(Fit("日本語", 4), "日…");
  EXPECT_EQ(Fit("abc", 0), "");
  EXPECT_EQ(DisplayWidth(Fit("日本語日本語", 7)), 7U);
}

TEST(WidthTest, PaddingLinesUp) {
  EXPECT_EQ(PadRight("日", 4), "日  ");
  EXPECT_EQ(PadLeft("7", 3), "  7");
  EXPECT_EQ(PadRight("abcd", 2), "abcd");
}

TEST(WrapTest, BreaksAtSpacesOrAnywhere) {
  EXPECT_EQ(Wrap("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(Wrap("abcdefgh", 3), (Lines{"abc", "def", "gh"}));
  EXPECT_EQ(Wrap("日本語", 4), (Lines{"日本", "語"}));
  EXPECT_EQ(Wrap("", 5), Lines{""});
  EXPECT_EQ(Wrap("日本", 1), (Lines{"日", "本"}));
}

TEST(NumberTest, AreWrittenForPeople) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1'234'567), "1,234,567");
  EXPECT_EQ(Bytes(512), "512 B");
  EXPECT_EQ(Bytes(5 * 1024 * 1024), "5.0 MiB");
}

TEST(JsonTest, StringsAreEscaped) {
  EXPECT_EQ(JsonQuoted("a\"b\\c\n\t"), R"("a\"b\\c\n\t")");
  EXPECT_EQ(JsonQuoted("\x1b\x7f"), R"("\u001b\u007f")");
  EXPECT_EQ(JsonQuoted("\xE2\x80\xAE"), R"("\u202e")");
  EXPECT_EQ(JsonQuoted("\xF3\xA0\x81\x81"), R"("\udb40\udc41")");
  EXPECT_EQ(JsonQuoted("\xFF"), R"("\ufffd")");
  EXPECT_EQ(JsonQuoted("é日😀"), "\"é日😀\"");
}

TEST(JsonTest, FieldsKeepTheirOrder) {
  JsonLine inner;
  inner.Number("n", 18'446'744'073'709'551'615ULL);
  JsonLine line;
  line.Text("b", "x")
      .Flag("a", true)
      .Null("z")
      .Object("o", inner)
      .Texts("l", {"p", "q"})
      .TextMap("m", {{"k", "v"}});
  EXPECT_EQ(
      line.str(),
      R"({"b":"x","a":true,"z":null,"o":{"n":18446744073709551615},"l":["p","q"],"m":{"k":"v"}})");
  EXPECT_EQ(JsonLine().str(), "{}");
}

TEST(TimeTest, TextSortsAsTimeDoes) {
  using namespace std::chrono;
  EXPECT_EQ(Rfc3339(client::Time(seconds(1'700'000'000) + milliseconds(7))),
            "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(Rfc3339(client::Time(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(TimeTest, DistancesHaveOneUnit) {
  using namespace std::chrono;
  EXPECT_EQ(About(milliseconds(250)), "250 ms");
  EXPECT_EQ(About(seconds(4)), "4 s");
  EXPECT_EQ(About(minutes(3)), "3 min");
  EXPECT_EQ(About(hours(5)), "5 h");
  EXPECT_EQ(About(hours(72)), "3 days");
  EXPECT_EQ(Exact(microseconds(80)), "0.08 ms");
  EXPECT_EQ(Exact(microseconds(4'500'000)), "4.50 s");
}

}  // namespace
}  // namespace hark::cli
