// A SqlcipherStore in a folder of its own, and what tests do with its files.

#ifndef HARK_TESTS_UNIT_STORE_STORE_FIXTURE_H_
#define HARK_TESTS_UNIT_STORE_STORE_FIXTURE_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/clock.h"
#include "daemon/store/sqlcipher_store.h"
#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/store_calls.h"

namespace hark::store {

inline const std::string kCacheKey(32, '\x11');
inline const std::string kAuthoredKey(32, '\x22');

class StoreFixture : public testing::Test {
 protected:
  [[nodiscard]] StoreOptions Options(const std::filesystem::path& folder,
                                     const std::string& cache_key = kCacheKey,
                                     const std::string& authored_key = kAuthoredKey) const;
  [[nodiscard]] Result<std::unique_ptr<SqlcipherStore>> TryOpen(
      const std::filesystem::path& folder, const std::string& cache_key = kCacheKey,
      const std::string& authored_key = kAuthoredKey);
  // Must succeed.
  [[nodiscard]] std::unique_ptr<SqlcipherStore> Open(const std::filesystem::path& folder);
  // The writer runs by hand: the test says what shares a group, and when nobody waits. Null:
  // failed.
  [[nodiscard]] std::unique_ptr<SqlcipherStore> OpenByHand();

  [[nodiscard]] std::filesystem::path folder() const { return temporary_.path() / "account"; }
  [[nodiscard]] std::filesystem::path cache_file() const { return folder() / "cache.db"; }
  [[nodiscard]] std::filesystem::path authored_file() const { return folder() / "authored.db"; }
  [[nodiscard]] const test::ScratchFolder& temporary() const { return temporary_; }

  // What is opened from now on finds that the machine was restarted.
  void Reboot() { boot_id_ = "after a restart"; }

 private:
  test::ScratchFolder temporary_;
  std::string boot_id_;  // Empty: the machine's.
  SystemClock clock_;
};

[[nodiscard]] Message TestMessage(const std::string& conversation, Sequence sequence,
                                  const std::string& content);
[[nodiscard]] ApplySummary TestSummary(const std::string& conversation, Sequence last);

// Every file of a folder with its bytes.
[[nodiscard]] std::map<std::string, std::string> ReadFolder(const std::filesystem::path& folder);

}  // namespace hark::store

#endif  // HARK_TESTS_UNIT_STORE_STORE_FIXTURE_H_
