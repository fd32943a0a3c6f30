// How a list became another one, step by step, so that a UI touches only what is different.

#ifndef HARK_CLIENT_LIST_EDIT_H_
#define HARK_CLIENT_LIST_EDIT_H_

#include <cstddef>
#include <iterator>
#include <memory>
#include <vector>

namespace hark::client {

// The items are immutable and shared: they may be kept and read on any thread.
template <typename Item>
using ItemList = std::vector<std::shared_ptr<const Item>>;

// One step. Steps are made in their order: an index counts in the list as the steps before left it.
template <typename Item>
struct ListEdit {
  enum class Kind {
    kInsert,   // `item` comes to stand at `index`; what stood there moves up.
    kReplace,  // The item at `index` is now `item`, which has the same id.
    kRemove,   // What stood at `index` is gone; `item` is what it was. If it only moved, it is
               // inserted elsewhere by a later step of the same change.
  };
  Kind kind = Kind::kInsert;
  std::size_t index = 0;
  std::shared_ptr<const Item> item;
};

// Makes the steps. `list` must be the list that they were made for.
template <typename Item>
void ApplyEdits(const std::vector<ListEdit<Item>>& edits, ItemList<Item>& list) {
  for (const ListEdit<Item>& edit : edits) {
    const auto at = std::next(list.begin(), static_cast<std::ptrdiff_t>(edit.index));
    switch (edit.kind) {
      case ListEdit<Item>::Kind::kInsert: list.insert(at, edit.item); break;
      case ListEdit<Item>::Kind::kReplace: *at = edit.item; break;
      case ListEdit<Item>::Kind::kRemove: list.erase(at); break;
    }
  }
}

}  // namespace hark::client

#endif  // HARK_CLIENT_LIST_EDIT_H_
