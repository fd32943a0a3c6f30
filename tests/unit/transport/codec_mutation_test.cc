// Valid frames with bytes changed at random: whatever comes, an answer comes, and an accepted frame
// keeps the rules.

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/transport/codec.h"
#include "tests/unit/transport/wire_samples.h"

namespace hark::transport {
namespace {

constexpr int kRoundsOfEachSample = 1'000;
constexpr std::uint32_t kDefaultSeed = 20'240'601;

// HARK_SEED replays another run.
std::uint32_t Seed() {
  const char* chosen = std::getenv("HARK_SEED");  // NOLINT(concurrency-mt-unsafe)
  return chosen == nullptr ? kDefaultSeed
                           : static_cast<std::uint32_t>(std::strtoul(chosen, nullptr, 10));
}

std::string Mutate(std::string bytes, std::mt19937& random) {
  auto below = [&random](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  std::size_t changes = 1 + below(4);
  for (std::size_t i = 0; i < changes && !bytes.empty(); ++i) {
    std::size_t at = below(bytes.size());
    switch (below(5)) {
      case 0: bytes[at] = static_cast<char>(below(256)); break;
      case 1: bytes.erase(at, 1 + below(8)); break;
      case 2: bytes.insert(at, 1, static_cast<char>(below(256))); break;
      case 3: bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(32))); break;
      default: bytes.resize(at); break;
    }
  }
  return bytes;
}

void ExpectKeepsTheRules(const History& history) {
  for (const Message& message : history.messages) {
    EXPECT_FALSE(message.id.empty());
    EXPECT_LE(message.id.value().size(), limits::kIdBytes);
    EXPECT_EQ(message.conversation, history.conversation);
    EXPECT_GE(message.sequence, history.from);
    EXPECT_LE(message.sequence, history.to);
    EXPECT_TRUE(IsValidUtf8(message.content));
    EXPECT_LE(message.content.size(), limits::kContentBytes);
  }
}

void ExpectKeepsTheRules(const ServerFrame& frame) {
  if (const auto* history = std::get_if<History>(&frame)) ExpectKeepsTheRules(*history);
  if (const auto* histories = std::get_if<Histories>(&frame)) {
    for (const History& page : histories->pages) ExpectKeepsTheRules(page);
  }
}

class CodecMutation : public ::testing::TestWithParam<Encoding> {};

INSTANTIATE_TEST_SUITE_P(BothEncodings, CodecMutation,
                         ::testing::Values(Encoding::kProto, Encoding::kJson),
                         ::testing::PrintToStringParamName());

TEST_P(CodecMutation, AnswersEveryInput) {
  std::uint32_t seed = Seed();
  SCOPED_TRACE("HARK_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  for (const wire::ServerFrame& sample : AllSamples()) {
    std::string valid = ToBytes(sample, GetParam());
    for (int round = 0; round < kRoundsOfEachSample; ++round) {
      Result<ServerFrame> frame = Decode(Mutate(valid, random), GetParam());
      if (frame) {
        ExpectKeepsTheRules(*frame);
      } else {
        EXPECT_EQ(frame.error().code, ErrorCode::kInvalidArgument);
      }
    }
  }
}

}  // namespace
}  // namespace hark::transport
