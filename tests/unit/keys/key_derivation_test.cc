#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "daemon/keys/key_source.h"

namespace hark::keys {
namespace {

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    hex += kDigits[value >> 4U];
    hex += kDigits[value & 0xFU];
  }
  return hex;
}

Secret CountingKey() {
  std::string bytes;
  for (char c = 0; c < 32; ++c) bytes += c;
  return Secret(std::move(bytes));
}

// RFC 5869, test case 3: no salt, no info; the first 32 of its 42 bytes.
TEST(KeyDerivation, AgreesWithTheStandard) {
  const Secret master(std::string(22, '\x0b'));
  EXPECT_EQ(Hex(DeriveKey(master, "").bytes()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

// The files of every user depend on this value: it must never change.
TEST(KeyDerivation, GivesTheSameKeyInEveryVersion) {
  EXPECT_EQ(Hex(DeriveKey(CountingKey(), "hark/cache.db/account-1").bytes()),
            "ed46e56e9e63e5ea2e857479ae0d06701775554fe56e76e818e662740ae78949");
}

TEST(KeyDerivation, EveryContextHasItsOwnKey) {
  const Secret master = CountingKey();
  EXPECT_FALSE(DeriveKey(master, "a").Equals(DeriveKey(master, "b").bytes()));
  EXPECT_FALSE(DeriveKey(master, "a").Equals(DeriveKey(master, std::string("a\0", 2)).bytes()));
}

}  // namespace
}  // namespace hark::keys
