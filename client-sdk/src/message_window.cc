#include "client-sdk/src/message_window.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hark::client {
namespace {

enum class Part { kAtBackend, kPartial, kPending };

Part PartOf(const ViewMessage& item) {
  if (item.partial) return Part::kPartial;
  return item.message.sequence > 0 ? Part::kAtBackend : Part::kPending;
}

// Whether `a` belongs in front of `b`; neither, if only the order of arrival decides.
bool IsBefore(const ViewMessage& a, const ViewMessage& b) {
  if (PartOf(a) != PartOf(b)) return PartOf(a) < PartOf(b);
  return PartOf(a) == Part::kAtBackend && a.message.sequence < b.message.sequence;
}

}  // namespace

const ViewMessage* MessageWindow::Find(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

std::uint64_t MessageWindow::first_sequence() const {
  return items_.empty() ? 0 : items_.front()->message.sequence;
}

std::uint64_t MessageWindow::last_sequence() const {
  const auto end = std::partition_point(items_.begin(), items_.end(), [](const MessageItem& item) {
    return PartOf(*item) == Part::kAtBackend;
  });
  return end == items_.begin() ? 0 : (*std::prev(end))->message.sequence;
}

std::size_t MessageWindow::pending() const {
  const auto first =
      std::partition_point(items_.begin(), items_.end(),
                           [](const MessageItem& item) { return PartOf(*item) != Part::kPending; });
  return static_cast<std::size_t>(items_.end() - first);
}

void MessageWindow::Put(Message message) {
  auto item = std::make_shared<const ViewMessage>(ViewMessage{std::move(message), false});
  const ViewMessage* known = Find(item->message.id);
  const bool stays = known != nullptr && !IsBefore(*known, *item) && !IsBefore(*item, *known);
  if (!stays) {
    Remove(item->message.id);
    Insert(std::move(item));
    return;
  }
  items_[PlaceOf(*known)] = item;
  by_id_[item->message.id] = std::move(item);
}

void MessageWindow::PutPartial(const PartialMessage& partial) {
  const ViewMessage* known = Find(partial.message_id);
  if (known != nullptr && !known->partial) return;
  ViewMessage item;
  item.partial = true;
  item.message.id = partial.message_id;
  item.message.role = partial.role;
  item.message.content = partial.text;
  auto shared = std::make_shared<const ViewMessage>(std::move(item));
  if (known != nullptr) {
    items_[PlaceOf(*known)] = shared;
    by_id_[partial.message_id] = std::move(shared);
    return;
  }
  const auto is_partial = [](const MessageItem& other) { return other->partial; };
  const auto oldest = std::find_if(items_.begin(), items_.end(), is_partial);
  if (std::count_if(oldest, items_.end(), is_partial) >= static_cast<int>(kMaxPartials))
    Remove(std::string((*oldest)->message.id));
  Insert(std::move(shared));
}

void MessageWindow::Remove(const std::string& id) {
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return;
  items_.erase(std::next(items_.begin(), static_cast<std::ptrdiff_t>(PlaceOf(*known->second))));
  by_id_.erase(known);
}

void MessageWindow::Prepend(std::vector<Message> messages) {
  for (const Message& message : messages) Remove(message.id);
  ItemList<ViewMessage> at_backend;
  ItemList<ViewMessage> pending;
  for (Message& message : messages) {
    auto item = std::make_shared<const ViewMessage>(ViewMessage{std::move(message), false});
    by_id_.emplace(item->message.id, item);
    (item->message.sequence > 0 ? at_backend : pending).push_back(std::move(item));
  }
  const auto first_pending =
      std::partition_point(items_.begin(), items_.end(),
                           [](const MessageItem& item) { return PartOf(*item) != Part::kPending; });
  items_.insert(first_pending, pending.begin(), pending.end());
  items_.insert(items_.begin(), at_backend.begin(), at_backend.end());
}

const ViewMessage* MessageWindow::First() const {
  const auto first = std::find_if(items_.begin(), items_.end(),
                                  [](const MessageItem& item) { return !item->partial; });
  return first == items_.end() ? nullptr : first->get();
}

void MessageWindow::RemoveFirst() {
  by_id_.erase(items_.front()->message.id);
  items_.erase(items_.begin());
}

void MessageWindow::Clear() {
  items_.clear();
  by_id_.clear();
}

void MessageWindow::RemovePartials() {
  std::erase_if(items_, [this](const MessageItem& item) {
    if (item->partial) by_id_.erase(item->message.id);
    return item->partial;
  });
}

void MessageWindow::Share(const ItemList<ViewMessage>& with) {
  std::unordered_map<std::string_view, const MessageItem*> others;
  for (const MessageItem& item : with) others.emplace(IdOf(*item), &item);
  for (MessageItem& item : items_) {
    const auto other = others.find(IdOf(*item));
    if (other == others.end() || !(**other->second == *item)) continue;
    item = *other->second;
    by_id_[item->message.id] = item;
  }
}

std::size_t MessageWindow::PlaceOf(const ViewMessage& item) const {
  auto at = std::lower_bound(
      items_.begin(), items_.end(), item,
      [](const MessageItem& other, const ViewMessage& wanted) { return IsBefore(*other, wanted); });
  while (at != items_.end() && at->get() != &item) ++at;
  return static_cast<std::size_t>(at - items_.begin());
}

void MessageWindow::Insert(MessageItem item) {
  const auto at = std::upper_bound(items_.begin(), items_.end(), item,
                                   [](const MessageItem& wanted, const MessageItem& other) {
                                     return IsBefore(*wanted, *other);
                                   });
  by_id_.emplace(item->message.id, item);
  items_.insert(at, std::move(item));
}

}  // namespace hark::client
