// A folder of a test's own, in memory where there is such a place: what a test does to files need
// not reach a disk.

#ifndef HARK_TESTS_SUPPORT_SCRATCH_FOLDER_H_
#define HARK_TESTS_SUPPORT_SCRATCH_FOLDER_H_

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include <unistd.h>

namespace hark::test {

// Made with mode 0700; gone with the object.
class ScratchFolder {
 public:
  enum class Place : std::uint8_t {
    kMemory,     // /dev/shm, else as kTemporary.
    kTemporary,  // TMPDIR: for what is large or may stay.
  };

  explicit ScratchFolder(Place place = Place::kMemory) {
    const std::filesystem::path memory = "/dev/shm";
    const bool in_memory = place == Place::kMemory && ::access(memory.c_str(), W_OK | X_OK) == 0;
    const auto parent = in_memory ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "hark-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove_all(path_, ignored);
  }

  // It stays, for somebody to look at.
  void Keep() { kept_ = true; }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
  bool kept_ = false;
};

}  // namespace hark::test

#endif  // HARK_TESTS_SUPPORT_SCRATCH_FOLDER_H_
