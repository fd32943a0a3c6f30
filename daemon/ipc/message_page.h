// Fits a page of messages into one answer: 200 messages of 64 KiB do not fit 4 MiB, so those
// furthest from where the page begins are left for the next one.

#ifndef HARK_DAEMON_IPC_MESSAGE_PAGE_H_
#define HARK_DAEMON_IPC_MESSAGE_PAGE_H_

#include <cstddef>
#include <string>

#include "daemon/ipc/convert_message.h"
#include "daemon/store/reader.h"

namespace hark::ipc {

// At least what `message` takes in an answer.
[[nodiscard]] std::size_t EncodedSizeBound(const Message& message);

// Indices into MessagePage::messages: [first, end) is told, and of the gaps those that still lie at
// it.
struct PageCut {
  std::size_t first = 0;
  std::size_t end = 0;
  bool gap_before = false;
  bool gap_after = false;
};

// What fits limits::kLocalMessageBytes of a page that grows from index `from` to both sides: 0 for
// one after its anchor, messages.size() for one before it.
[[nodiscard]] PageCut WhatFits(const store::MessagePage& page, std::size_t from);

// All but the messages. Out: v1::ListMessagesResponse or v1::WatchMessagesResponse::Snapshot, whose
// page fields are alike.
template <typename Out>
void EdgesToProto(const store::MessagePage& page, const PageCut& cut, Out* out) {
  out->set_total_count(page.total_count);
  // A page that was cut has neighbours here, so no gap lies just before it.
  out->set_has_more(page.has_more || cut.first > 0);
  if constexpr (requires { out->set_has_more_after(true); }) {
    out->set_has_more_after(page.has_more_after || cut.end < page.messages.size());
  }
  if (page.gap_before && cut.gap_before) ToProto(*page.gap_before, out->mutable_gap_before());
  if (page.gap_after && cut.gap_after) ToProto(*page.gap_after, out->mutable_gap_after());
}

// The newest page. Out: as above.
template <typename Out>
void ToProto(const store::MessagePage& page, Out* out) {
  const PageCut cut = WhatFits(page, page.messages.size());
  out->mutable_messages()->Reserve(static_cast<int>(cut.end - cut.first));
  for (std::size_t i = cut.first; i < cut.end; ++i) ToProto(page.messages[i], out->add_messages());
  EdgesToProto(page, cut, out);
}

// The messages of a page that are told, as bytes of v1::ListMessagesResponse.
[[nodiscard]] std::string EncodeMessages(const store::MessagePage& page, const PageCut& cut);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_MESSAGE_PAGE_H_
