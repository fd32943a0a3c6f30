#include "daemon/base/free_memory.h"

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark {
namespace {

using Block = std::unique_ptr<std::array<char, 4'000>>;

std::vector<Block> Pieces() {
  std::vector<Block> pieces(4 * limits::kKeptMemoryBytes / sizeof(Block::element_type));
  for (Block& piece : pieces) piece = std::make_unique<Block::element_type>();
  return pieces;
}

// Every 64th stays: the C library keeps what is between them by itself.
void Thin(std::vector<Block>& pieces) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i % 64 != 0) pieces[i].reset();
  }
}

std::vector<Block> LeavePieces() {
  auto pieces = Pieces();
  Thin(pieces);
  return pieces;
}

TEST(FreeMemory, WhatABurstLeftBehindGoesBackOnce) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "AddressSanitizer has its own allocator";
#endif
#endif
  FreeMemory memory;
  EXPECT_EQ(memory.GiveBack(), 0U) << "the first look only notes the size";
  const auto left = LeavePieces();
  EXPECT_GT(memory.GiveBack(), limits::kKeptMemoryBytes);
  EXPECT_EQ(memory.GiveBack(), 0U) << "it has not grown since";
}

TEST(FreeMemory, WhatWasInUseWhenLookedAtGoesBackLater) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "AddressSanitizer has its own allocator";
#endif
#endif
  FreeMemory memory;
  EXPECT_EQ(memory.GiveBack(), 0U);
  auto pieces = Pieces();
  for (int look = 0; look < 3; ++look) EXPECT_LT(memory.GiveBack(), limits::kKeptMemoryBytes);
  Thin(pieces);
  std::size_t given = 0;
  for (int look = 0; look < 10; ++look) given += memory.GiveBack();
  EXPECT_GT(given, limits::kKeptMemoryBytes);
}

}  // namespace
}  // namespace hark
