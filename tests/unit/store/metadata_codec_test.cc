#include "daemon/store/metadata_codec.h"

#include <random>

#include <gtest/gtest.h>

namespace hark::store {
namespace {

using Metadata = std::map<std::string, std::string>;

TEST(MetadataCodecTest, EveryEntryComesBack) {
  for (const Metadata& metadata :
       {Metadata{}, Metadata{{"", ""}}, Metadata{{"a", std::string("\0\xff", 2)}},
        Metadata{{"n", std::string(127, 'x')}, {"o", std::string(128, 'y')}},
        Metadata{{std::string(20'000, 'k'), std::string(300, 'v')}}}) {
    EXPECT_EQ(DecodeMetadata(EncodeMetadata(metadata)), metadata);
  }
  EXPECT_EQ(EncodeMetadata({}), "");
}

TEST(MetadataCodecTest, DamagedBytesGiveTheEntriesBefore) {
  const std::string bytes = EncodeMetadata({{"a", "1"}, {"b", "2"}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Metadata decoded = DecodeMetadata(bytes.substr(0, size));
    EXPECT_LE(decoded.size(), 1U);
    if (!decoded.empty()) {
      EXPECT_EQ(decoded.begin()->second, "1");
    }
  }
  EXPECT_TRUE(DecodeMetadata("\xff\xff\xff\xff\xff\xff").empty());
}

TEST(MetadataCodecTest, AnyBytesAreDecoded) {
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 256);
    (void)DecodeMetadata(bytes);
  }
}

}  // namespace
}  // namespace hark::store
