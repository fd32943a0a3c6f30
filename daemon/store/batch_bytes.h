// How large a batch is, for the bounds of those who queue it.

#ifndef HARK_DAEMON_STORE_BATCH_BYTES_H_
#define HARK_DAEMON_STORE_BATCH_BYTES_H_

#include <cstddef>
#include <variant>

#include "daemon/model/message.h"
#include "daemon/store/writer.h"

namespace hark::store {

// Of the contents, about, with something for each operation and message.
[[nodiscard]] inline std::size_t BytesOf(const Batch& batch) {
  constexpr std::size_t kEach = 64;
  std::size_t bytes = kEach * batch.operations.size();
  for (const Operation& operation : batch.operations) {
    if (const auto* one = std::get_if<ApplyMessage>(&operation))
      bytes += one->message.content.size();
    if (const auto* page = std::get_if<ApplyHistory>(&operation)) {
      for (const Message& message : page->messages) bytes += message.content.size() + kEach;
    }
  }
  return bytes;
}

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_BATCH_BYTES_H_
