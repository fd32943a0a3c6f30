// Fits a page of messages into one answer: 200 messages of 64 KiB do not fit 4 MiB, so the oldest
// are left for the next page.

#ifndef HARK_DAEMON_IPC_MESSAGE_PAGE_H_
#define HARK_DAEMON_IPC_MESSAGE_PAGE_H_

#include <cstddef>

#include "daemon/ipc/convert_message.h"
#include "daemon/store/reader.h"

namespace hark::ipc {

// At least what `message` takes in an answer.
[[nodiscard]] std::size_t EncodedSizeBound(const Message& message);

// Index of the oldest message of `page` that still fits, with all newer ones, into
// limits::kLocalMessageBytes.
[[nodiscard]] std::size_t OldestThatFits(const store::MessagePage& page);

// Out: v1::ListMessagesResponse or v1::WatchMessagesResponse::Snapshot, whose page fields are
// alike.
template <typename Out>
void ToProto(const store::MessagePage& page, Out* out) {
  const std::size_t first = OldestThatFits(page);
  out->mutable_messages()->Reserve(static_cast<int>(page.messages.size() - first));
  for (std::size_t i = first; i < page.messages.size(); ++i) {
    ToProto(page.messages[i], out->add_messages());
  }
  out->set_total_count(page.total_count);
  // A page that was cut has neighbours here, so no gap lies just before it.
  out->set_has_more(page.has_more || first > 0);
  if (page.gap_before && first == 0) ToProto(*page.gap_before, out->mutable_gap_before());
  if (page.gap_after) ToProto(*page.gap_after, out->mutable_gap_after());
}

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_MESSAGE_PAGE_H_
