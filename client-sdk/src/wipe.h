// Overwrites the SDK's own copies of tokens, passphrases and recovery codes before their memory is
// given back. The caller's strings are the caller's to overwrite, and gRPC's buffers are nobody's.

#ifndef HARK_CLIENT_SDK_SRC_WIPE_H_
#define HARK_CLIENT_SDK_SRC_WIPE_H_

#include <cstddef>
#include <string>

namespace hark::client {

// Leaves as many zeroes.
inline void Wipe(std::string* secret) {
  // Volatile, or the compiler leaves it out: nobody reads it any more.
  volatile char* bytes = secret->data();
  for (std::size_t i = 0; i < secret->size(); ++i) bytes[i] = '\0';
}

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_WIPE_H_
