#include "daemon/ipc/message_page.h"

#include "daemon/base/limits.h"
#include "daemon/ipc/message_encoder.h"

namespace hark::ipc {
namespace {

// Tags, lengths, times and numbers of one message; the content type and the backend's id are short.
constexpr std::size_t kFixedBytes = 256;
constexpr std::size_t kFixedBytesPerEntry = 16;
// For the rest of the answer, and the frame around it.
constexpr std::size_t kReservedBytes = std::size_t{64} * 1024;

std::size_t SizeBound(const DeliveryFailure& failure) {
  return kFixedBytesPerEntry + failure.reason.size() + failure.message.size();
}

}  // namespace

std::size_t EncodedSizeBound(const Message& message) {
  std::size_t size = kFixedBytes + message.content.size() + message.content_type.size() +
                     message.id.value().size() + message.conversation.value().size() +
                     message.server_id.size();
  for (const auto& [name, value] : message.metadata) {
    size += kFixedBytesPerEntry + name.size() + value.size();
  }
  if (message.failure) size += SizeBound(*message.failure);
  if (message.change) {
    size += kFixedBytesPerEntry + message.change->content.size();
    if (message.change->failure) size += SizeBound(*message.change->failure);
  }
  return size;
}

PageCut WhatFits(const store::MessagePage& page, std::size_t from) {
  const std::size_t count = page.messages.size();
  PageCut cut{from, from};
  std::size_t left = limits::kLocalMessageBytes - kReservedBytes;
  // One message always fits: limits::kContentBytes is far below the limit of an answer.
  const auto take = [&](std::size_t index) {
    const std::size_t size = EncodedSizeBound(page.messages[index]);
    if (size > left && cut.first < cut.end) return false;
    left -= size < left ? size : left;
    return true;
  };
  // Newer ones first: of a page around a message, `from` is the message itself.
  bool grows_down = true;
  bool grows_up = true;
  while (grows_down || grows_up) {
    grows_up = grows_up && cut.end < count && take(cut.end);
    if (grows_up) ++cut.end;
    grows_down = grows_down && cut.first > 0 && take(cut.first - 1);
    if (grows_down) --cut.first;
  }
  cut.gap_before = page.gap_before.has_value() && cut.first == 0;
  if (page.gap_after) {
    std::size_t at = count;
    while (at > 0 && page.messages[at - 1].sequence == 0) --at;
    cut.gap_after = at <= cut.end && (at > cut.first || cut.first == 0);
  }
  return cut;
}

std::string EncodeMessages(const store::MessagePage& page, const PageCut& cut) {
  std::string bytes;
  std::size_t size = 0;
  for (std::size_t i = cut.first; i < cut.end; ++i) size += EncodedSizeBound(page.messages[i]);
  bytes.reserve(size + kFixedBytes);
  for (std::size_t i = cut.first; i < cut.end; ++i) {
    AppendMessage(v1::ListMessagesResponse::kMessagesFieldNumber, page.messages[i], bytes);
  }
  return bytes;
}

}  // namespace hark::ipc
