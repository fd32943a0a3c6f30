// Reads and openings that fail when a test says so: those that the store does beside SQLite, with
// pread(2) and open(2), and so beside the fault VFS as well. The linker puts them in their place
// (--wrap), in executables that link hark_failing_reads; a SQLite in a library of its own is not
// concerned.

#ifndef HARK_TESTS_SUPPORT_FAILING_READS_H_
#define HARK_TESTS_SUPPORT_FAILING_READS_H_

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace hark::fault {

// From its construction to its destruction; one at a time. Thread-safe.
class FailingReads {
 public:
  FailingReads();
  FailingReads(const FailingReads&) = delete;
  FailingReads& operator=(const FailingReads&) = delete;
  ~FailingReads();

  // Whatever reads this byte of what has this name then, gets EIO, until Clear().
  void FailAt(const std::filesystem::path& file, std::uint64_t offset);
  // It cannot be opened for reading, with this error, until Clear().
  void FailToOpen(const std::filesystem::path& file, int error);
  void Clear();
  // So often something failed.
  [[nodiscard]] std::uint64_t failed() const;

  // For the functions that stand in: the error to fail with, or 0.
  int ErrorOfRead(int descriptor, std::uint64_t offset, std::uint64_t bytes);
  int ErrorOfOpen(const char* file);

 private:
  struct Fault {
    std::string file;
    std::optional<std::uint64_t> offset;  // Absent: opening.
    int error = 0;
  };

  mutable std::mutex mutex_;
  std::vector<Fault> faults_;
  std::uint64_t failed_ = 0;
};

}  // namespace hark::fault

#endif  // HARK_TESTS_SUPPORT_FAILING_READS_H_
