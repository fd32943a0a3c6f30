#include "daemon/keys/sealing.h"

#include <string>

#include <gtest/gtest.h>

namespace hark::keys {
namespace {

const Secret& Key() {
  static const Secret key(std::string(32, 'k'));
  return key;
}

Secret Text(std::string text) {
  return Secret(std::move(text));
}

TEST(Sealing, OpensWhatItSealed) {
  for (const std::size_t length : {0U, 1U, 15U, 16U, 17U, 65536U}) {
    const std::string sealed = Seal(Key(), "purpose", Text(std::string(length, 'x')));
    EXPECT_EQ(sealed.size(), length + kSealOverheadBytes);
    const auto opened = Unseal(Key(), "purpose", sealed);
    ASSERT_TRUE(opened) << length;
    EXPECT_EQ(opened->bytes(), std::string(length, 'x'));
  }
}

TEST(Sealing, ShowsNothingOfTheSecret) {
  const std::string sealed = Seal(Key(), "purpose", Text("the-token-the-token"));
  EXPECT_EQ(sealed.find("token"), std::string::npos);
}

TEST(Sealing, NeverGivesTheSameBytesTwice) {
  EXPECT_NE(Seal(Key(), "purpose", Text("token")), Seal(Key(), "purpose", Text("token")));
}

TEST(Sealing, AnotherKeyDoesNotOpenIt) {
  const std::string sealed = Seal(Key(), "purpose", Text("token"));
  EXPECT_FALSE(Unseal(Secret(std::string(32, 'j')), "purpose", sealed));
}

TEST(Sealing, AnotherPurposeDoesNotOpenIt) {
  const std::string sealed = Seal(Key(), "purpose", Text("token"));
  EXPECT_FALSE(Unseal(Key(), "purposes", sealed));
  EXPECT_FALSE(Unseal(Key(), "", sealed));
}

TEST(Sealing, EveryChangedBitIsFound) {
  const std::string sealed = Seal(Key(), "purpose", Text("token"));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(Unseal(Key(), "purpose", changed)) << "bit " << bit;
  }
}

TEST(Sealing, EveryOtherLengthIsRefused) {
  const std::string sealed = Seal(Key(), "purpose", Text("token"));
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_FALSE(Unseal(Key(), "purpose", sealed.substr(0, length))) << length;
  }
  EXPECT_FALSE(Unseal(Key(), "purpose", sealed + "x"));
}

}  // namespace
}  // namespace hark::keys
