#include "daemon/store/raw_file.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace hark::store {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> FileError(const char* what, int number) {
  const bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
  return Fail(full ? ErrorCode::kResourceExhausted : ErrorCode::kInternal,
              std::string(what) + ": " + std::generic_category().message(number));
}

// False with errno.
bool WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ::ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Descriptor MakeNew(const fs::path& file) {
  return Descriptor(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (value_ >= 0) ::close(value_);
    value_ = other.Release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (value_ >= 0) ::close(value_);
}

int Descriptor::Release() {
  return std::exchange(value_, -1);
}

Descriptor OpenForReading(const fs::path& file) {
  return Descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
}

Result<Descriptor> OpenIfThere(const fs::path& file) {
  Descriptor descriptor = OpenForReading(file);
  if (!descriptor.valid() && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
    return Fail(ErrorCode::kResourceExhausted, "a file of the store cannot be opened");
  return descriptor;
}

RawRead ReadAt(int descriptor, std::uint64_t offset, std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ::ssize_t got = ::pread(descriptor, bytes.data() + done, bytes.size() - done,
                                  static_cast<::off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return RawRead::kFailed;
    if (got == 0) return RawRead::kTooShort;
    done += static_cast<std::size_t>(got);
  }
  return RawRead::kDone;
}

void BeginWritingOut(int descriptor, std::uint64_t offset, std::uint64_t bytes) {
#ifdef __linux__
  (void)::sync_file_range(descriptor, static_cast<::off64_t>(offset), static_cast<::off64_t>(bytes),
                          SYNC_FILE_RANGE_WRITE);
#else
  (void)descriptor, (void)offset, (void)bytes;
#endif
}

std::uint64_t SizeOf(int descriptor) {
  struct ::stat status{};
  return ::fstat(descriptor, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::uint64_t SizeOf(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : size;
}

bool Exists(const fs::path& file) {
  std::error_code error;
  return fs::exists(fs::symlink_status(file, error));
}

std::string ReadSmallFile(const fs::path& file, std::size_t limit) {
  const Descriptor descriptor = OpenForReading(file);
  if (!descriptor.valid()) return {};
  const std::uint64_t size = SizeOf(descriptor.get());
  std::string bytes(size < limit ? static_cast<std::size_t>(size) : limit, '\0');
  return ReadAt(descriptor.get(), 0, bytes) == RawRead::kDone ? bytes : std::string();
}

Result<void> ReplaceFile(const fs::path& file, std::string_view bytes) {
  const fs::path temporary = file.string() + ".tmp";
  ::unlink(temporary.c_str());
  {
    const Descriptor descriptor = MakeNew(temporary);
    if (!descriptor.valid() || !WriteAll(descriptor.get(), bytes) ||
        ::fsync(descriptor.get()) != 0) {
      const int number = errno;
      ::unlink(temporary.c_str());
      return FileError("a file of the store cannot be written", number);
    }
  }
  return Rename(temporary, file);
}

Result<void> CopyFile(const fs::path& from, const fs::path& to) {
  constexpr std::size_t kChunkBytes = std::size_t{1024} * 1024;
  const Descriptor source = OpenForReading(from);
  const Descriptor target = source.valid() ? MakeNew(to) : Descriptor();
  int number = target.valid() ? 0 : errno;
  std::string chunk(kChunkBytes, '\0');
  while (number == 0) {
    const ::ssize_t got = ::read(source.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) number = errno;
    if (got <= 0) break;
    if (!WriteAll(target.get(), std::string_view(chunk).substr(0, static_cast<std::size_t>(got))))
      number = errno;
  }
  if (number == 0 && ::fsync(target.get()) != 0) number = errno;
  if (number == 0) return {};
  if (target.valid()) ::unlink(to.c_str());
  return FileError("a file of the store cannot be copied", number);
}

Result<Descriptor> MakeNewFileAt(const fs::path& file) {
  Descriptor descriptor = MakeNew(file);
  if (!descriptor.valid()) return FileError("a file cannot be made", errno);
  return descriptor;
}

Result<void> Append(int descriptor, std::string_view bytes) {
  if (WriteAll(descriptor, bytes)) return {};
  return FileError("a file cannot be written", errno);
}

Result<void> AppendPart(int descriptor, const fs::path& from, std::uint64_t offset,
                        std::uint64_t bytes) {
  constexpr std::uint64_t kChunkBytes = std::uint64_t{1024} * 1024;
  const Descriptor source = OpenForReading(from);
  std::string chunk;
  while (bytes > 0) {
    chunk.resize(static_cast<std::size_t>(std::min(bytes, kChunkBytes)));
    const RawRead read = source.valid() ? ReadAt(source.get(), offset, chunk) : RawRead::kFailed;
    if (read == RawRead::kFailed)
      return Fail(ErrorCode::kResourceExhausted, "a file cannot be read");
    if (read == RawRead::kTooShort) return Fail(ErrorCode::kCorrupt, "a file ends too early");
    if (auto appended = Append(descriptor, chunk); !appended) return appended;
    offset += chunk.size();
    bytes -= chunk.size();
  }
  return {};
}

bool HasRoom(const fs::path& folder) {
  constexpr std::uint64_t kRoom = std::uint64_t{4} * 1024 * 1024;
  struct statvfs space{};
  if (::statvfs(folder.c_str(), &space) == 0 &&
      std::uint64_t{space.f_bavail} * space.f_frsize < kRoom)
    return false;
#ifdef O_TMPFILE
  // A quota shows only to who writes. The file has no name, so it leaves nothing behind.
  const Descriptor file(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (file.valid()) {
    const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(kRoom));
    return error != ENOSPC && error != EDQUOT;
  }
#endif
  return true;
}

void SyncFolder(const fs::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.valid()) ::fsync(descriptor.get());
}

Result<void> Rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return FileError("a file of the store cannot be renamed", errno);
  SyncFolder(to.parent_path());
  if (from.parent_path() != to.parent_path()) SyncFolder(from.parent_path());
  return {};
}

Result<void> MakePrivateFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return {};
  if (folder.has_parent_path()) {
    const fs::path parent = folder.parent_path();
    if (!fs::is_directory(parent, error)) {
      if (auto made = MakePrivateFolder(parent); !made) return made;
    }
  }
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return FileError("a folder of the store cannot be made", errno);
  if (!fs::is_directory(folder, error))
    return Fail(ErrorCode::kInternal, "a folder of the store cannot be made");
  SyncFolder(folder.parent_path());
  return {};
}

}  // namespace hark::store
