// A folder of a test's own, in memory where there is such a place: what a test does to files need
// not reach a disk.

#ifndef HARK_TESTS_SUPPORT_SCRATCH_FOLDER_H_
#define HARK_TESTS_SUPPORT_SCRATCH_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include <unistd.h>

namespace hark::fault {

// Made under /dev/shm, else under TMPDIR; gone with the object.
class ScratchFolder {
 public:
  ScratchFolder() {
    const std::filesystem::path memory = "/dev/shm";
    const auto parent = ::access(memory.c_str(), W_OK | X_OK) == 0
                            ? memory
                            : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "hark-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace hark::fault

#endif  // HARK_TESTS_SUPPORT_SCRATCH_FOLDER_H_
