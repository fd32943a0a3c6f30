// Whether the tests are built with AddressSanitizer, which has its own allocator, lets nothing be
// locked in memory and handles crashes itself.

#ifndef HARK_TESTS_SUPPORT_SANITIZER_H_
#define HARK_TESTS_SUPPORT_SANITIZER_H_

namespace hark::test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif
#else
inline constexpr bool kAddressSanitizer = false;
#endif

}  // namespace hark::test

#endif  // HARK_TESTS_SUPPORT_SANITIZER_H_
