// A list of messages that are not copied to be in it: each is shared with whoever made it.

#ifndef HARK_DAEMON_MODEL_SHARED_MESSAGES_H_
#define HARK_DAEMON_MODEL_SHARED_MESSAGES_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <boost/iterator/indirect_iterator.hpp>

#include "daemon/model/message.h"

namespace hark {

// Reads as a std::vector<const Message>. Who adds a message changes it no more. Copying the list
// copies no message.
class SharedMessages {
  // A message may be a part of something larger, which lives as long then.
  using Pointers = std::vector<std::shared_ptr<const Message>>;

 public:
  using value_type = Message;
  using const_iterator = boost::indirect_iterator<Pointers::const_iterator>;
  using iterator = const_iterator;

  void reserve(std::size_t size) { pointers_.reserve(size); }
  // `message` is not null.
  void push_back(std::shared_ptr<const Message> message) {
    pointers_.push_back(std::move(message));
  }
  void push_back(Message message) {
    pointers_.push_back(std::make_shared<const Message>(std::move(message)));
  }
  void Append(const SharedMessages& others) {
    pointers_.insert(pointers_.end(), others.pointers_.begin(), others.pointers_.end());
  }

  [[nodiscard]] bool empty() const { return pointers_.empty(); }
  [[nodiscard]] std::size_t size() const { return pointers_.size(); }
  [[nodiscard]] const Message& operator[](std::size_t i) const { return *pointers_[i]; }
  [[nodiscard]] const_iterator begin() const { return const_iterator(pointers_.begin()); }
  [[nodiscard]] const_iterator end() const { return const_iterator(pointers_.end()); }

 private:
  Pointers pointers_;
};

}  // namespace hark

#endif  // HARK_DAEMON_MODEL_SHARED_MESSAGES_H_
