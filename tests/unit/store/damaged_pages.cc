#include "tests/unit/store/damaged_pages.h"

#include <gtest/gtest.h>

#include "daemon/base/secret.h"
#include "daemon/store/connection.h"
#include "daemon/store/page_cipher.h"
#include "daemon/store/page_source.h"
#include "tests/support/files.h"

namespace hark::store {

void FlipInPage(const std::filesystem::path& file, std::uint32_t page) {
  std::string bytes = test::ReadBytes(file);
  bytes[(page - 1) * kFilePageBytes + 100] ^= 1;
  test::WriteBytes(file, bytes);
}

void ZeroPage(const std::filesystem::path& file, std::uint32_t page) {
  std::string bytes = test::ReadBytes(file);
  bytes.replace((page - 1) * kFilePageBytes, kFilePageBytes, kFilePageBytes, '\0');
  test::WriteBytes(file, bytes);
}

std::uint32_t PageWith(const std::filesystem::path& file, const std::string& key,
                       const std::string& text) {
  const PageSource pages(file, Secret(std::string(key)), "");
  for (std::uint32_t number = pages.page_count(); number > 0; --number) {
    const auto page = pages.Read(number);
    if (page && page->bytes.find(text) != std::string::npos) return number;
  }
  ADD_FAILURE() << "no page has " << text;
  return 1;
}

std::uint32_t RootPage(const std::filesystem::path& file, const std::string& key,
                       const std::string& name) {
  Connection connection(file, Secret(std::string(key)), Access::kProbe, Durability::kFetchable);
  Query query(connection.statements(), "SELECT rootpage FROM sqlite_master WHERE name = ?");
  query.Text(name);
  if (query.Next()) return static_cast<std::uint32_t>(query.GetUint(0));
  ADD_FAILURE() << "there is no " << name;
  return 1;
}

}  // namespace hark::store
