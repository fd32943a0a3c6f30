#include "daemon/base/free_memory.h"

#include <array>
#include <cstddef>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "tests/support/sanitizer.h"

namespace hark {
namespace {

using Block = std::unique_ptr<std::array<char, 4'000>>;

std::vector<Block> Pieces(std::size_t bytes = 4 * limits::kKeptMemoryBytes) {
  std::vector<Block> pieces(bytes / sizeof(Block::element_type));
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
  if (test::kSanitizerMemory) GTEST_SKIP() << "the sanitizer has its own allocator";
  FreeMemory memory;
  EXPECT_EQ(memory.GiveBack(), 0U) << "the first look only notes the size";
  const auto left = LeavePieces();
  EXPECT_GT(memory.GiveBack(), limits::kKeptMemoryBytes);
  EXPECT_EQ(memory.GiveBack(), 0U) << "it has not grown since";
}

TEST(FreeMemory, WhatWasInUseWhenLookedAtGoesBackLater) {
  if (test::kSanitizerMemory) GTEST_SKIP() << "the sanitizer has its own allocator";
  FreeMemory memory;
  EXPECT_EQ(memory.GiveBack(), 0U);
  auto pieces = Pieces();
  for (int look = 0; look < 3; ++look) EXPECT_LT(memory.GiveBack(), limits::kKeptMemoryBytes);
  Thin(pieces);
  std::size_t given = 0;
  for (int look = 0; look < 10; ++look) given += memory.GiveBack();
  EXPECT_GT(given, limits::kKeptMemoryBytes);
}

std::size_t Resident() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm").ignore(64, ' ') >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Regression: after an hour of malformed requests the daemon held 60 MiB of free memory for good.
TEST(FreeMemory, WhatAThreadFreedIsNotKeptBecauseALargeBlockWasFreed) {
  if (test::kSanitizerMemory) GTEST_SKIP() << "the sanitizer has its own allocator";
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<char>(std::size_t{30} * 1024 * 1024, 'x').clear();
    const std::size_t before = Resident();
    std::thread([] { Pieces(2 * limits::kKeptMemoryBytes); }).join();
    FreeMemory memory;
    (void)memory.GiveBack();
    ::_exit(Resident() < before + limits::kKeptMemoryBytes ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace hark
