#include "client-sdk/src/conversation_model.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace hark::client {
namespace {

constexpr std::uint64_t kEnd = std::numeric_limits<std::uint64_t>::max();

bool NeedsUser(const Message& message) {
  return message.delivery == Delivery::kFailed || message.delivery == Delivery::kExpired;
}

}  // namespace

ConversationModel::ConversationModel(std::uint32_t page_size, std::size_t max_messages)
    : page_size_(page_size), max_messages_(max_messages) {}

void ConversationModel::OnSnapshot(MessagesSnapshot event) {
  const std::uint64_t revision = event.position.revision;
  window_.RemovePartials();
  const bool seen_newer = std::any_of(known_.begin(), known_.end(), [&](const Known& known) {
    return known.pending && known.revision > revision;
  });
  if (seen_newer) {
    // It was overtaken by a page. What it replaces is read again, so that nothing goes back.
    stale_ = true;
    Advance(revision);
    return;
  }
  known_.clear();
  Begin(std::move(event.messages), event.has_more, event.gap_before, event.gap_after,
        event.total_count);
  state_.revision = revision;
}

void ConversationModel::OnResumed(const StreamPosition& position) {
  // Those that are still being produced come again, with all of their text.
  window_.RemovePartials();
  // What was missed comes as it is now: not in which order pending ones were tried again.
  if (window_.pending() > 1) stale_ = true;
  Advance(position.revision);
}

void ConversationModel::OnDelta(MessagesDelta event) {
  const std::uint64_t revision = event.position.revision;
  // By sequence, so that each finds the one before it; what is pending keeps its order.
  std::vector<Message*> ordered;
  ordered.reserve(event.upserted.size());
  for (Message& message : event.upserted) ordered.push_back(&message);
  std::sort(ordered.begin(), ordered.end(), [](const Message* a, const Message* b) {
    return a->sequence != b->sequence ? a->sequence < b->sequence : a < b;
  });
  for (Message* message : ordered) Upsert(std::move(*message), revision);
  for (const std::string& id : event.removed) {
    const ViewMessage* item = window_.Find(id);
    if (item != nullptr && !IsOutdated(item->message.sequence, revision)) window_.Remove(id);
  }
  Advance(revision);
  Trim();
}

void ConversationModel::OnPartial(const PartialMessage& partial) {
  if (!state_.loaded) return;
  window_.PutPartial(partial);
  Trim();
}

void ConversationModel::Upsert(Message message, std::uint64_t revision) {
  if (!state_.loaded || IsOutdated(message.sequence, revision)) return;
  const ViewMessage* known = window_.Find(message.id);
  if (message.sequence == 0) {
    // One that was tried again after it had failed may now stand behind the others.
    if (known != nullptr && NeedsUser(known->message) && !NeedsUser(message)) stale_ = true;
    window_.Put(std::move(message));
    return;
  }
  const std::uint64_t first = window_.first_sequence();
  const std::uint64_t last = window_.last_sequence();
  if (last == 0 ? state_.has_more : message.sequence < first && state_.has_more) {
    // It lies before the list; or it was pending in it, and the list does not reach its place.
    if (known != nullptr) window_.Remove(message.id);
    if (last == 0) stale_ = true;
    older_changed_ = true;
    return;
  }
  // The next one; or there is something in between, unless the backend has closed the hole.
  if (message.sequence > last && (state_.gap_after || message.sequence != last + 1)) stale_ = true;
  window_.Put(std::move(message));
}

bool ConversationModel::LoadOlder() {
  if (wants_older_ || !state_.has_more) return true;
  if (window_.items().size() >= max_messages_) return false;
  wants_older_ = true;
  at_gap_ = false;
  return true;
}

std::optional<PageRead> ConversationModel::Wanted() const {
  if (!state_.loaded) return std::nullopt;
  if (stale_) return PageRead{PageRead::Kind::kNewest, {}, page_size_, FetchPolicy::kCacheThenSync};
  const auto before_all = [this](PageRead::Kind kind, std::uint64_t size, FetchPolicy policy) {
    return PageRead{kind, window_.First()->message.id,
                    static_cast<std::uint32_t>(std::min<std::uint64_t>(size, kMaxPageSize)),
                    policy};
  };
  // With nothing here to read on from, what comes is announced by a snapshot or a message.
  if (window_.First() == nullptr) return std::nullopt;
  if (refill_ > 0) return before_all(PageRead::Kind::kRefill, refill_, FetchPolicy::kCacheOnly);
  if (wants_older_ && (!at_gap_ || older_changed_)) {
    const std::size_t room = max_messages_ - std::min(max_messages_, window_.items().size());
    return before_all(PageRead::Kind::kOlder, std::clamp<std::uint64_t>(room, 1, page_size_),
                      FetchPolicy::kCacheThenSync);
  }
  if (older_changed_ && state_.gap_before)
    return before_all(PageRead::Kind::kLook, 1, FetchPolicy::kCacheOnly);
  return std::nullopt;
}

void ConversationModel::OnPage(const PageRead& read, MessagePage page) {
  state_.total_count = page.total_count;
  const std::uint64_t revision = page.freshness.revision;
  if (read.kind == PageRead::Kind::kNewest) {
    stale_ = false;
    const std::uint64_t from = page.messages.empty() ? 0 : page.messages.front().sequence;
    // Without a sequence in it, it says nothing of any.
    known_ = {{revision, page.has_more && from == 0 ? kEnd : from, kEnd, true}};
    ItemList<ViewMessage> partials;
    for (const MessageItem& item : window_.items()) {
      if (item->partial) partials.push_back(item);
    }
    Begin(std::move(page.messages), page.has_more, page.gap_before, page.gap_after,
          page.total_count);
    for (const MessageItem& item : partials)
      window_.PutPartial({item->message.id, item->message.role, item->message.content});
    return;
  }
  older_changed_ = false;
  if (read.kind == PageRead::Kind::kLook) {
    state_.gap_before = page.messages.empty() ? page.gap_before : std::nullopt;
    state_.has_more = page.has_more || !page.messages.empty();
    return;
  }
  if (read.kind == PageRead::Kind::kRefill) {
    // What was not in the list before does not come into it.
    const auto beyond = std::erase_if(page.messages, [this](const Message& message) {
      return message.sequence > 0 && message.sequence < refill_to_;
    });
    if (beyond > 0) {
      page.has_more = true;
      page.gap_before.reset();
    }
  }
  const std::size_t count = page.messages.size();
  const bool done = count > 0 || !page.has_more;
  Extend(std::move(page));
  if (read.kind == PageRead::Kind::kOlder) {
    wants_older_ = !done;
    at_gap_ = !done;
    return;
  }
  refill_ -= std::min(refill_, count);
  if (count == 0 || !state_.has_more || (refill_to_ > 0 && window_.first_sequence() <= refill_to_))
    refill_ = 0;
}

void ConversationModel::OnAnchorGone() {
  refill_ = 0;
  stale_ = true;
}

void ConversationModel::Begin(std::vector<Message> messages, bool has_more,
                              const std::optional<Gap>& gap_before,
                              const std::optional<Gap>& gap_after, std::uint64_t total_count) {
  // Of what was there before, the older pages are read again, down to the oldest.
  const std::size_t had = window_.items().size();
  const std::uint64_t had_from = window_.first_sequence();
  window_.Clear();
  window_.Prepend(std::move(messages));
  const std::size_t has = window_.items().size();
  const std::uint64_t from = window_.first_sequence();
  const bool older_were_here = has > 0 && had > has && (from == 0 || had_from < from);
  refill_ = 0;
  if (older_were_here && has_more && !gap_before) {
    // Where all was pending, the number has to do.
    refill_ = had_from > 0 ? max_messages_ - std::min(has, max_messages_) : had - has;
  }
  refill_to_ = had_from;
  state_.loaded = true;
  state_.has_more = has_more;
  state_.gap_before = gap_before;
  state_.gap_after = gap_after;
  state_.total_count = total_count;
  rebuilt_ = true;
  stale_ = false;
  at_gap_ = false;
  older_changed_ = false;
  if (!has_more) wants_older_ = false;
}

void ConversationModel::Extend(MessagePage page) {
  if (!page.messages.empty()) {
    const std::uint64_t next = window_.first_sequence();
    const std::uint64_t from = page.messages.front().sequence;
    const bool pending = from == 0;
    known_.push_back(
        {page.freshness.revision, pending ? kEnd : from, next > 0 ? next - 1 : kEnd, false});
  }
  state_.has_more = page.has_more;
  state_.gap_before = page.gap_before;
  if (page.gap_after && !state_.gap_after) state_.gap_after = page.gap_after;
  window_.Prepend(std::move(page.messages));
}

bool ConversationModel::IsOutdated(std::uint64_t sequence, std::uint64_t revision) const {
  return std::any_of(known_.begin(), known_.end(), [&](const Known& known) {
    if (revision > known.revision) return false;
    return sequence == 0 ? known.pending : known.from <= sequence && sequence <= known.to;
  });
}

void ConversationModel::Advance(std::uint64_t revision) {
  state_.revision = std::max(state_.revision, revision);
  // Later events are newer than these.
  std::erase_if(known_, [&](const Known& known) { return known.revision <= revision; });
}

void ConversationModel::Trim() {
  while (window_.items().size() > max_messages_) {
    window_.RemoveFirst();
    state_.has_more = true;
    state_.gap_before.reset();
  }
}

void ConversationModel::Share(const ItemList<ViewMessage>& told) {
  if (std::exchange(rebuilt_, false)) window_.Share(told);
}

ConversationViewState ConversationModel::state() const {
  ConversationViewState state = state_;
  state.loading_older = wants_older_;
  return state;
}

}  // namespace hark::client
