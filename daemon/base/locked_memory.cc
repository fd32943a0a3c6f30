#include "daemon/base/locked_memory.h"

#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "daemon/base/check.h"

namespace hark {
namespace {

std::size_t PageSize() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t WholePages(std::size_t size) {
  return (size + PageSize() - 1) / PageSize() * PageSize();
}

}  // namespace

LockedMemory::LockedMemory(std::size_t size) : size_(size) {
  if (size == 0) return;
  const std::size_t pages = WholePages(size);
  // A page that nobody may touch before and after: reading past the end of anything beside it ends
  // the process instead of going on into a key.
  void* const whole =
      ::mmap(nullptr, pages + 2 * PageSize(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  HARK_CHECK(whole != MAP_FAILED);
  char* const start = static_cast<char*>(whole) + PageSize();
  HARK_CHECK(::mprotect(start, pages, PROT_READ | PROT_WRITE) == 0);
#if defined(MADV_DONTDUMP)
  (void)::madvise(start, pages, MADV_DONTDUMP);
#endif
  locked_ = ::mlock(start, pages) == 0;
  // At the end of the page, so that the first byte too many is the forbidden one.
  data_ = start + (pages - size);
}

LockedMemory::LockedMemory(LockedMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      locked_(std::exchange(other.locked_, false)) {}

LockedMemory& LockedMemory::operator=(LockedMemory&& other) noexcept {
  if (this != &other) {
    Free();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    locked_ = std::exchange(other.locked_, false);
  }
  return *this;
}

LockedMemory::~LockedMemory() {
  Free();
}

void LockedMemory::Free() {
  if (data_ == nullptr) return;
  OPENSSL_cleanse(data_, size_);
  const std::size_t pages = WholePages(size_);
  char* const start = data_ + size_ - pages;
  (void)::munmap(start - PageSize(), pages + 2 * PageSize());  // Unlocks them too.
  data_ = nullptr;
  size_ = 0;
}

}  // namespace hark
