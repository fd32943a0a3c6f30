// Bytes of a file through a descriptor, and the few file system calls of this folder that must be
// durable.

#ifndef HARK_DAEMON_STORE_RAW_FILE_H_
#define HARK_DAEMON_STORE_RAW_FILE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace hark::store {

// An open descriptor, or none. Movable, closed when destroyed.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  // -1: none.
  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] bool valid() const { return value_ >= 0; }

 private:
  int Release();

  int value_ = -1;
};

// Not through a symbolic link. Invalid: it cannot be opened.
[[nodiscard]] Descriptor OpenForReading(const std::filesystem::path& file);

// The same of a file that may be missing, or a symbolic link: then it is invalid.
// kResourceExhausted: it is there, and the system does not open it now.
[[nodiscard]] Result<Descriptor> OpenIfThere(const std::filesystem::path& file);

enum class RawRead : std::uint8_t {
  kDone,
  kTooShort,  // The file is.
  kFailed,    // Of what is there, nothing can be told: a bad sector, or a device that is away.
};
// Fills `bytes` from `offset` on.
[[nodiscard]] RawRead ReadAt(int descriptor, std::uint64_t offset, std::string& bytes);

// Has the kernel begin to write what is new in this part, and does not wait for it: a sync that
// comes later has less left to do. A hint; only Linux takes it.
void BeginWritingOut(int descriptor, std::uint64_t offset, std::uint64_t bytes);

// 0 when it cannot be told.
[[nodiscard]] std::uint64_t SizeOf(int descriptor);
[[nodiscard]] std::uint64_t SizeOf(const std::filesystem::path& file);

[[nodiscard]] bool Exists(const std::filesystem::path& file);

// At most `limit` bytes; empty when it cannot be read.
[[nodiscard]] std::string ReadSmallFile(const std::filesystem::path& file, std::size_t limit);

// Replaces `file`, mode 0600, by way of a temporary name beside it; fsynced. kResourceExhausted:
// the disk is full; then `file` is as it was.
[[nodiscard]] Result<void> ReplaceFile(const std::filesystem::path& file, std::string_view bytes);

// A new file of mode 0600 with the bytes of another, fsynced. Errors as ReplaceFile(); then `to` is
// gone again.
[[nodiscard]] Result<void> CopyFile(const std::filesystem::path& from,
                                    const std::filesystem::path& to);

// A new file of mode 0600 to append to. kInternal: it is there already, or cannot be made.
[[nodiscard]] Result<Descriptor> MakeNewFileAt(const std::filesystem::path& file);
// At its end. Errors as ReplaceFile().
[[nodiscard]] Result<void> Append(int descriptor, std::string_view bytes);
// The same with a part of another file; kCorrupt: it is not that long. kResourceExhausted also when
// that one cannot be read.
[[nodiscard]] Result<void> AppendPart(int descriptor, const std::filesystem::path& from,
                                      std::uint64_t offset, std::uint64_t bytes);

// Whether the disk takes some MB more in this folder, for this user. True if it cannot be told.
[[nodiscard]] bool HasRoom(const std::filesystem::path& folder);

// Makes renames in the folder durable.
void SyncFolder(const std::filesystem::path& folder);

// rename(2), durably; replaces `to`.
[[nodiscard]] Result<void> Rename(const std::filesystem::path& from,
                                  const std::filesystem::path& to);

// A folder of mode 0700, with its parents. No error if it is there.
[[nodiscard]] Result<void> MakePrivateFolder(const std::filesystem::path& folder);

[[nodiscard]] inline std::uint32_t BigEndian(const char* bytes) {
  const auto* b = reinterpret_cast<const unsigned char*>(bytes);
  return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 |
         std::uint32_t{b[3]};
}

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_RAW_FILE_H_
