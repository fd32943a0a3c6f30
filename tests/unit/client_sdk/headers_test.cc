// The public headers must stay usable without gRPC, protobuf or Boost.

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include <gtest/gtest.h>

namespace {

TEST(PublicHeadersTest, IncludeTheStandardLibraryAndEachOtherOnly) {
  const std::regex allowed(R"re(#include (<[a-z_]+>|"hark/[a-z_]+\.h"))re");
  int headers = 0;
  for (const auto& entry : std::filesystem::directory_iterator(HARK_SDK_HEADERS)) {
    ++headers;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("#include")) {
        EXPECT_TRUE(std::regex_match(line, allowed)) << entry.path().filename() << ": " << line;
      }
    }
  }
  EXPECT_EQ(headers, 12);
}

}  // namespace
