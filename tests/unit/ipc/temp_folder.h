// A folder that is gone after the test.

#ifndef HARK_TESTS_UNIT_IPC_TEMP_FOLDER_H_
#define HARK_TESTS_UNIT_IPC_TEMP_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace hark::ipc {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hark-ipc-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace hark::ipc

#endif  // HARK_TESTS_UNIT_IPC_TEMP_FOLDER_H_
