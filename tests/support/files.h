// Whole files, and what a folder holds, for tests.

#ifndef HARK_TESTS_SUPPORT_FILES_H_
#define HARK_TESTS_SUPPORT_FILES_H_

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

namespace hark::test {

// Empty if there is no such file.
[[nodiscard]] inline std::string ReadBytes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// In place of what it held.
inline void WriteBytes(const std::filesystem::path& file, std::string_view bytes,
                       mode_t mode = 0600) {
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ::chmod(file.c_str(), mode);
}

[[nodiscard]] inline std::vector<std::string> NamesIn(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  return names;
}

// Of the link itself, if it is one; 0 if there is nothing.
[[nodiscard]] inline mode_t ModeOf(const std::filesystem::path& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

}  // namespace hark::test

#endif  // HARK_TESTS_SUPPORT_FILES_H_
