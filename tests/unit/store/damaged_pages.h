// Damages single pages of a file of a store.

#ifndef HARK_TESTS_UNIT_STORE_DAMAGED_PAGES_H_
#define HARK_TESTS_UNIT_STORE_DAMAGED_PAGES_H_

#include <cstdint>
#include <filesystem>
#include <string>

namespace hark::store {

// One bit of it is another: it fails its HMAC.
void FlipInPage(const std::filesystem::path& file, std::uint32_t page);
void ZeroPage(const std::filesystem::path& file, std::uint32_t page);

// The last page that holds `text`; 1, and a failed test, if there is none. The log is not looked
// at.
[[nodiscard]] std::uint32_t PageWith(const std::filesystem::path& file, const std::string& key,
                                     const std::string& text);
// Where a table or an index begins. While nobody has the file open.
[[nodiscard]] std::uint32_t RootPage(const std::filesystem::path& file, const std::string& key,
                                     const std::string& name);

}  // namespace hark::store

#endif  // HARK_TESTS_UNIT_STORE_DAMAGED_PAGES_H_
