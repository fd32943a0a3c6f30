#include "daemon/transport/pins.h"

#include <string>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::transport {
namespace {

// Of nothing at all: sha256("") in base64.
constexpr char kPin[] = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

TEST(Pins, OneOrMoreWithAnySeparator) {
  const std::string pin = kPin;
  EXPECT_EQ(ParsePins(pin)->size(), 1U);
  EXPECT_EQ(ParsePins(pin)->front()[0], 0xE3);
  EXPECT_EQ(ParsePins(pin + ";" + pin + " " + pin + "; ")->size(), 3U);
}

TEST(Pins, AreWrittenAsTheyAreRead) {
  EXPECT_EQ(PinText(ParsePins(kPin)->front()), kPin);
}

TEST(Pins, WhatIsNoPinIsRefused) {
  const std::string pin = kPin;
  for (const std::string& text :
       {std::string(), std::string(" ; "), std::string("sha256//"),
        std::string("sha1//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), pin.substr(8),
        pin.substr(0, pin.size() - 1), pin + "=",
        // Bits that a decoder would throw away.
        pin.substr(0, pin.size() - 2) + "V=", std::string("sha256//") + std::string(44, '='),
        std::string("sha256//") + std::string(44, 'A'), pin + ",x"}) {
    const Result<Pins> pins = ParsePins(text);
    ASSERT_FALSE(pins.has_value()) << text;
    EXPECT_EQ(pins.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(pins.error().trouble, Trouble::kSettings);
  }
}

TEST(Pins, AreBounded) {
  std::string text;
  for (std::size_t i = 0; i < limits::kPins; ++i) text += std::string(kPin) + ";";
  EXPECT_TRUE(ParsePins(text).has_value());
  EXPECT_FALSE(ParsePins(text + kPin).has_value());
}

}  // namespace
}  // namespace hark::transport
