#include "daemon/sync/partial_texts.h"

#include <algorithm>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

namespace hark::sync {

std::optional<std::string> PartialTexts::Add(const transport::Partial& piece) {
  auto it = std::find_if(texts_.begin(), texts_.end(),
                         [&](const Text& text) { return text.message == piece.message; });
  if (it == texts_.end()) {
    if (piece.offset != 0) return std::nullopt;
    if (texts_.size() >= kTexts) texts_.pop_front();
    it = texts_.insert(texts_.end(), Text{piece.message, {}});
  }
  if (piece.offset > it->text.size()) return std::nullopt;
  // A repeated piece, or one that starts again, replaces what was there from its offset on.
  it->text.resize(piece.offset);
  it->text += piece.text;
  if (it->text.size() > limits::kContentBytes || !IsValidUtf8(it->text)) {
    texts_.erase(it);
    return std::nullopt;
  }
  return it->text;
}

void PartialTexts::Finish(const MessageId& message) {
  std::erase_if(texts_, [&](const Text& text) { return text.message == message; });
}

}  // namespace hark::sync
