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

namespace hark::store {

inline const std::string kCacheKey(32, '\x11');
inline const std::string kAuthoredKey(32, '\x22');

// Gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class StoreFixture : public testing::Test {
 protected:
  [[nodiscard]] Result<std::unique_ptr<SqlcipherStore>> TryOpen(
      const std::filesystem::path& folder, const std::string& cache_key = kCacheKey,
      const std::string& authored_key = kAuthoredKey);
  // Must succeed.
  [[nodiscard]] std::unique_ptr<SqlcipherStore> Open(const std::filesystem::path& folder);

  [[nodiscard]] std::filesystem::path folder() const { return temporary_.path() / "account"; }
  [[nodiscard]] std::filesystem::path cache_file() const { return folder() / "cache.db"; }
  [[nodiscard]] std::filesystem::path authored_file() const { return folder() / "authored.db"; }
  [[nodiscard]] const TemporaryFolder& temporary() const { return temporary_; }

 private:
  TemporaryFolder temporary_;
  SystemClock clock_;
};

// The calls, waited for.
Result<LocalRevision> ApplyNow(SqlcipherStore& store, Batch batch);
Result<Message> SendNow(SqlcipherStore& store, Message message);

[[nodiscard]] Message TestMessage(const std::string& conversation, Sequence sequence,
                                  const std::string& content);
[[nodiscard]] ApplySummary TestSummary(const std::string& conversation, Sequence last);

// Every file of a folder with its bytes.
[[nodiscard]] std::map<std::string, std::string> ReadFolder(const std::filesystem::path& folder);
[[nodiscard]] std::string ReadFile(const std::filesystem::path& file);
void WriteFile(const std::filesystem::path& file, const std::string& bytes);

}  // namespace hark::store

#endif  // HARK_TESTS_UNIT_STORE_STORE_FIXTURE_H_
