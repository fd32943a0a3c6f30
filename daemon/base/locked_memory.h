// Memory for key material: on pages of its own that the kernel neither swaps out nor writes into a
// core file, between pages that nobody may touch, wiped before it is given back.

#ifndef HARK_DAEMON_BASE_LOCKED_MEMORY_H_
#define HARK_DAEMON_BASE_LOCKED_MEMORY_H_

#include <cstddef>
#include <string_view>

namespace hark {

// Move-only; a move copies nothing. Not thread-safe.
//
// Each block takes whole pages, of which the system gives an ordinary user a number
// (RLIMIT_MEMLOCK, usually 8 MiB). When they are used up the block is made all the same, on pages
// that may be swapped out: refusing would leave a person without messages for the sake of a
// machine that may have no swap at all. locked() tells, and the daemon says at its start if it
// cannot lock anything.
class LockedMemory {
 public:
  LockedMemory() = default;
  // `size` bytes of zeroes; 0: nothing is taken. Aborts if there is no memory at all.
  explicit LockedMemory(std::size_t size);
  LockedMemory(LockedMemory&& other) noexcept;
  LockedMemory& operator=(LockedMemory&& other) noexcept;
  LockedMemory(const LockedMemory&) = delete;
  LockedMemory& operator=(const LockedMemory&) = delete;
  ~LockedMemory();

  [[nodiscard]] char* data() { return data_; }
  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Also where there is nothing to lock.
  [[nodiscard]] bool locked() const { return locked_ || size_ == 0; }

 private:
  void Free();

  char* data_ = nullptr;
  std::size_t size_ = 0;
  bool locked_ = false;
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_LOCKED_MEMORY_H_
