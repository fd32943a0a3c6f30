#include "daemon/ipc/message_page.h"

#include "daemon/base/limits.h"

namespace hark::ipc {
namespace {

// Tags, lengths, times and numbers of one message; the content type and the backend's id are short.
constexpr std::size_t kFixedBytes = 256;
constexpr std::size_t kFixedBytesPerEntry = 16;
// For the rest of the answer, and the frame around it.
constexpr std::size_t kReservedBytes = 64 * 1024;

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

std::size_t OldestThatFits(const store::MessagePage& page) {
  std::size_t left = limits::kLocalMessageBytes - kReservedBytes;
  std::size_t first = page.messages.size();
  while (first > 0) {
    const std::size_t size = EncodedSizeBound(page.messages[first - 1]);
    // One message always fits: limits::kContentBytes is far below the limit of an answer.
    if (size > left && first < page.messages.size()) break;
    left -= size < left ? size : left;
    --first;
  }
  return first;
}

}  // namespace hark::ipc
