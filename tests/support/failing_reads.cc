#include "tests/support/failing_reads.h"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace hark::fault {
namespace {

std::atomic<FailingReads*> present = nullptr;

}  // namespace

FailingReads::FailingReads() {
  if (present.exchange(this) != nullptr) std::abort();  // One at a time.
}

FailingReads::~FailingReads() {
  present = nullptr;
}

void FailingReads::FailAt(const std::filesystem::path& file, std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  faults_.push_back({file.string(), offset, EIO});
}

void FailingReads::FailToOpen(const std::filesystem::path& file, int error) {
  const std::lock_guard lock(mutex_);
  faults_.push_back({file.string(), std::nullopt, error});
}

void FailingReads::Clear() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

std::uint64_t FailingReads::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

int FailingReads::ErrorOfRead(int descriptor, std::uint64_t offset, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (faults_.empty()) return 0;
  std::error_code error;
  const auto file =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error);
  for (const Fault& fault : faults_) {
    if (!fault.offset || fault.file != file || *fault.offset < offset ||
        *fault.offset >= offset + bytes)
      continue;
    ++failed_;
    return fault.error;
  }
  return 0;
}

int FailingReads::ErrorOfOpen(const char* file) {
  const std::lock_guard lock(mutex_);
  for (const Fault& fault : faults_) {
    if (fault.offset || fault.file != file) continue;
    ++failed_;
    return fault.error;
  }
  return 0;
}

}  // namespace hark::fault

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,cert-dcl50-cpp)
extern "C" {

ssize_t __real_pread(int descriptor, void* bytes, size_t count, off_t offset);
ssize_t __wrap_pread(int descriptor, void* bytes, size_t count, off_t offset);
int __real_open(const char* file, int flags, ...);
int __wrap_open(const char* file, int flags, ...);

ssize_t __wrap_pread(int descriptor, void* bytes, size_t count, off_t offset) {
  if (auto* faults = hark::fault::present.load()) {
    const int error = faults->ErrorOfRead(descriptor, static_cast<std::uint64_t>(offset), count);
    if (error != 0) {
      errno = error;
      return -1;
    }
  }
  return __real_pread(descriptor, bytes, count, offset);
}

int __wrap_open(const char* file, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  if (auto* faults = hark::fault::present.load();
      faults != nullptr && (flags & O_ACCMODE) == O_RDONLY) {
    if (const int error = faults->ErrorOfOpen(file); error != 0) {
      errno = error;
      return -1;
    }
  }
  return __real_open(file, flags, mode);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,cert-dcl50-cpp)
