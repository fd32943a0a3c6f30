#include "daemon/sync/partial_texts.h"

#include <algorithm>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

namespace hark::sync {

void PartialTexts::Add(transport::Partial piece) {
  auto it = std::find_if(texts_.begin(), texts_.end(),
                         [&](const Text& text) { return text.message.message == piece.message; });
  if (it == texts_.end()) {
    if (piece.offset != 0) return;
    if (texts_.size() >= kTexts) texts_.pop_front();
    it = texts_.insert(
        texts_.end(),
        Text{{std::move(piece.conversation), std::move(piece.message), piece.role, {}}});
  }
  std::string& text = it->message.text;
  if (piece.offset > text.size()) return;
  // A repeated piece, or one that starts again, replaces what was there from its offset on.
  text.resize(piece.offset);
  text += piece.text;
  it->waits = true;
  if (text.size() > limits::kContentBytes || !IsValidUtf8(text)) texts_.erase(it);
}

std::vector<bus::PartialMessage> PartialTexts::TakeDue(Clock::Instant now) {
  std::vector<bus::PartialMessage> due;
  for (Text& text : texts_) {
    if (!text.waits || now < text.due) continue;
    due.push_back(text.message);
    text.waits = false;
    text.due = now + limits::kPartialInterval;
  }
  return due;
}

std::optional<Clock::Instant> PartialTexts::NextDue() const {
  std::optional<Clock::Instant> next;
  for (const Text& text : texts_) {
    if (text.waits && (!next || text.due < *next)) next = text.due;
  }
  return next;
}

void PartialTexts::Finish(const MessageId& message) {
  std::erase_if(texts_, [&](const Text& text) { return text.message.message == message; });
}

}  // namespace hark::sync
