// Whether the tests are built with AddressSanitizer or ThreadSanitizer, which have their own
// allocator and let nothing be locked in memory.

#ifndef HARK_TESTS_SUPPORT_SANITIZER_H_
#define HARK_TESTS_SUPPORT_SANITIZER_H_

namespace hark::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitizerMemory = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitizerMemory = true;
#else
inline constexpr bool kSanitizerMemory = false;
#endif
#else
inline constexpr bool kSanitizerMemory = false;
#endif

}  // namespace hark::test

#endif  // HARK_TESTS_SUPPORT_SANITIZER_H_
