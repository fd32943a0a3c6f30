#include "daemon/base/locked_memory.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <type_traits>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/sanitizer.h"
#include "tests/unit/keys/other_user.h"

namespace hark {
namespace {

static_assert(!std::is_copy_constructible_v<LockedMemory>);
static_assert(!std::is_copy_assignable_v<LockedMemory>);

// The lines of /proc/self/smaps about the pages that hold `address`.
std::string PagesOf(const char* address) {
  std::ifstream smaps("/proc/self/smaps");
  std::string line;
  std::string found;
  bool inside = false;
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  while (std::getline(smaps, line)) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2)  // NOLINT(cert-err34-c)
      inside = from <= wanted && wanted < to;
    if (inside) found += line + "\n";
  }
  return found;
}

TEST(LockedMemory, BeginsAsZeroesAndIsNeverSwappedNorDumped) {
  if (test::kSanitizerMemory) GTEST_SKIP() << "the sanitizer lets nothing be locked";
  LockedMemory memory(5'000);
  EXPECT_EQ(memory.size(), 5'000U);
  EXPECT_TRUE(std::ranges::all_of(memory.bytes(), [](char c) { return c == '\0'; }));
  ASSERT_TRUE(memory.locked());
#if defined(__linux__)
  const std::string pages = PagesOf(memory.data());
  const std::size_t flags = pages.find("VmFlags:");
  ASSERT_NE(flags, std::string::npos);
  EXPECT_NE(pages.find(" lo", flags), std::string::npos) << pages;  // Locked.
  EXPECT_NE(pages.find(" dd", flags), std::string::npos) << pages;  // Not in a core file.
#endif
}

TEST(LockedMemory, AMoveTakesThePagesAlong) {
  LockedMemory one(4);
  std::copy_n("abcd", 4, one.data());
  const char* const where = one.data();
  LockedMemory other = std::move(one);
  EXPECT_EQ(other.data(), where);
  LockedMemory third(7);
  third = std::move(other);
  EXPECT_EQ(third.bytes(), "abcd");
  EXPECT_EQ(third.data(), where);
}

TEST(LockedMemory, NothingTakesNothing) {
  EXPECT_EQ(LockedMemory().size(), 0U);
  EXPECT_EQ(LockedMemory(0).data(), nullptr);
  EXPECT_TRUE(LockedMemory(0).locked());
}

TEST(LockedMemoryDeathTest, TheFirstByteTooManyEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        LockedMemory memory(32);
        const volatile char* const past = memory.data() + memory.size();
        (void)*past;
      },
      "");
}

TEST(LockedMemoryDeathTest, NothingIsLeftWhereItWas) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        const char* where = nullptr;
        {
          LockedMemory memory(32);
          where = memory.data();
        }
        const volatile char* const gone = where;
        (void)*gone;
      },
      "");
}

TEST(LockedMemory, IsGivenUnlockedWhereTheUserMayLockNothing) {
  if (test::kSanitizerMemory) GTEST_SKIP() << "the sanitizer lets nothing be locked";
  // Root is not bound by the limit.
  const uid_t user = test::IsRoot() ? test::kOtherUid : ::geteuid();
  EXPECT_EQ(test::RunAsUser(user,
                            [] {
                              const struct rlimit none{0, 0};
                              if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return 2;
                              LockedMemory memory(32);
                              *memory.data() = 'x';
                              return !memory.locked() && memory.bytes()[0] == 'x' ? 0 : 1;
                            }),
            0);
}

TEST(LockedMemory, WhatIsGivenBackMayBeTakenAgain) {
  const uid_t user = test::IsRoot() ? test::kOtherUid : ::geteuid();
  EXPECT_EQ(test::RunAsUser(user,
                            [] {
                              // Two pages of the largest kind that is usual.
                              const struct rlimit few{131'072, 131'072};
                              if (::setrlimit(RLIMIT_MEMLOCK, &few) != 0) return 2;
                              for (int i = 0; i < 1'000; ++i) {
                                if (!LockedMemory(32).locked()) return 1;
                              }
                              return 0;
                            }),
            0);
}

}  // namespace
}  // namespace hark
