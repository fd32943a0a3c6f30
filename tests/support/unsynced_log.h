// What was done to one file and has not reached the disk for certain: enough to put the file into
// any state that a power loss may leave.

#ifndef HARK_TESTS_SUPPORT_UNSYNCED_LOG_H_
#define HARK_TESTS_SUPPORT_UNSYNCED_LOG_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace hark::fault {

// What a power loss does to the changes since the last sync.
enum class Loss : std::uint8_t {
  kAnyOrder,  // Each is kept, dropped or torn by itself: what a disk with a write cache does.
  kPrefix,    // Those up to some moment are kept, the last of them torn, the later ones dropped.
};

// Holds what each change replaced, not what it wrote: that is still in the file. Not thread-safe.
class UnsyncedLog {
 public:
  // The bytes [offset, offset + length) of a file of `size` bytes are about to be written.
  // `before`: what of them is in the file; shorter than `length` at the file's end.
  void AddWrite(std::int64_t offset, std::int64_t length, std::int64_t size, std::string before);

  // A file of `size` bytes is about to be cut to `new_size`, which takes `cut` away.
  void AddTruncate(std::int64_t size, std::int64_t new_size, std::string cut);

  // A sync succeeded: what was changed since the last sync is safe.
  void Synced();

  // A sync failed. As on Linux, no later sync makes safe what was written before it: the kernel
  // believes to have written those pages. Only writing the bytes again does.
  void SyncFailed();

  [[nodiscard]] bool empty() const { return changes_.empty(); }

  // Changes the file, which nobody has open, and forgets the log. Sectors have 512 bytes.
  void LosePower(const std::filesystem::path& file, Loss loss, std::mt19937_64& random);

 private:
  struct Change {
    std::int64_t offset = 0;
    std::int64_t length = 0;  // 0: a truncation.
    std::int64_t size_before = 0;
    std::int64_t size_after = 0;
    std::string before;
    bool lost_by_sync = false;  // A sync failed after it.
    bool sizes_synced = false;  // Its bytes may be lost, the file's size is not.
  };

  using Ranges = std::map<std::int64_t, std::int64_t>;

  // Adds what of a lost change is in none of the ranges.
  static void AddRest(const Change& lost, const Ranges& safe, std::vector<Change>& kept);

  std::vector<Change> changes_;
};

}  // namespace hark::fault

#endif  // HARK_TESTS_SUPPORT_UNSYNCED_LOG_H_
