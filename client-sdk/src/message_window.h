// The messages that a view holds, in their order: those at the backend by sequence, then answers
// that are being produced, then what waits to be sent. Pure.

#ifndef HARK_CLIENT_SDK_SRC_MESSAGE_WINDOW_H_
#define HARK_CLIENT_SDK_SRC_MESSAGE_WINDOW_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hark/conversation_view.h"

namespace hark::client {

using MessageItem = std::shared_ptr<const ViewMessage>;

[[nodiscard]] inline std::string_view IdOf(const ViewMessage& item) {
  return item.message.id;
}

// Not thread-safe.
class MessageWindow {
 public:
  [[nodiscard]] const ItemList<ViewMessage>& items() const { return items_; }
  // Null: not in it.
  [[nodiscard]] const ViewMessage* Find(const std::string& id) const;

  // The first that is not partial; null: there is none.
  [[nodiscard]] const ViewMessage* First() const;
  // Of the messages at the backend; 0: there is none.
  [[nodiscard]] std::uint64_t first_sequence() const;
  [[nodiscard]] std::uint64_t last_sequence() const;

  // How many wait to be sent.
  [[nodiscard]] std::size_t pending() const;

  // Puts it where it belongs, in place of the one with its id. Of two with one sequence, or two
  // without, the one that came later is behind, unless it has its place already.
  void Put(Message message);
  // Only if no message with this id is there, except a partial one. At most kMaxPartials; the
  // oldest goes.
  void PutPartial(const PartialMessage& partial);
  void Remove(const std::string& id);
  // In front of all others, but for partial ones, behind which the pending ones stay. Those that
  // are in it already move there.
  void Prepend(std::vector<Message> messages);
  void RemoveFirst();

  void Clear();
  void RemovePartials();
  // As the list of another moment: items that are the same are the same objects.
  void Share(const ItemList<ViewMessage>& with);

  static constexpr std::size_t kMaxPartials = 8;

 private:
  [[nodiscard]] std::size_t PlaceOf(const ViewMessage& item) const;
  void Insert(MessageItem item);

  ItemList<ViewMessage> items_;
  std::unordered_map<std::string, MessageItem> by_id_;
};

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_MESSAGE_WINDOW_H_
