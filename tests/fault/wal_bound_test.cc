// The write-ahead log stays under its limit while much is written and readers are always at work.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "tests/fault/faulty_store.h"

namespace hark::fault {
namespace {

constexpr std::size_t kToWrite = std::size_t{200} * 1024 * 1024;
constexpr std::size_t kContent = std::size_t{60} * 1024;

TEST(WalBoundTest, LogStaysShortWhile200MiBAreWrittenAndReadersAreActive) {
  FaultyStore faulty;
  ASSERT_TRUE(faulty.Open());
  ASSERT_TRUE(faulty.Apply({{TestSummary("A", 0)}}));
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> reads = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        if (faulty.store().ReadPage({ConversationId("A"), std::nullopt, 5})) ++reads;
      }
    });
  }
  std::uintmax_t longest = 0;
  Sequence sequence = 0;
  std::mt19937_64 random(1);
  for (std::size_t written = 0; written < kToWrite;) {
    // Some groups of many calls, which is the most that one commit can be.
    std::vector<Answer<LocalRevision>> answers(1 + random() % 8);
    for (auto& answer : answers) {
      store::Batch batch;
      for (std::size_t i = 0; i < 1 + random() % 16; ++i) {
        ++sequence;
        batch.operations.emplace_back(store::ApplyMessage{TestMessage(
            "A", "m" + std::to_string(sequence), sequence, std::string(kContent, 'x'))});
        written += kContent;
      }
      faulty.store().Apply(std::move(batch), answer.Done());
    }
    for (auto& answer : answers) ASSERT_TRUE(answer.Wait());
    longest = std::max(longest, faulty.SizeOf("cache.db-wal"));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_LT(longest, limits::kWalBytes);
  EXPECT_LT(faulty.SizeOf("authored.db-wal"), limits::kWalBytes);
  EXPECT_GT(reads, 100U);
  RecordProperty("longest_wal", std::to_string(longest));
  RecordProperty("reads", std::to_string(reads));
}

}  // namespace
}  // namespace hark::fault
