// What a ConversationView decides: given the events of the watch and the pages that it asked for,
// which list is true, and which page has to be read to know. Pure: no I/O, no thread, no clock.
//
// Pages and events overtake each other: a page shows commits whose events are still on their way.
// So each stretch that was read from a page remembers the page's revision, and events up to that
// revision change nothing in it.

#ifndef HARK_CLIENT_SDK_SRC_CONVERSATION_MODEL_H_
#define HARK_CLIENT_SDK_SRC_CONVERSATION_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client-sdk/src/message_window.h"
#include "hark/conversation_view.h"

namespace hark::client {

// A page that the model needs.
struct PageRead {
  enum class Kind {
    kNewest,  // The list is doubtful: begin again from the end.
    kRefill,  // Older ones, which were in the list before it was begun again.
    kOlder,   // Older ones, which the user wants.
    kLook,    // Only what lies before the list: the gap there has changed.
  };
  Kind kind = Kind::kNewest;
  std::string before_message_id;  // Empty for kNewest.
  std::uint32_t size = 0;
  FetchPolicy policy = FetchPolicy::kCacheOnly;
};

// Used by one thread.
class ConversationModel {
 public:
  // Page sizes are checked already. `max_messages`: kMaxViewMessages; less for tests.
  ConversationModel(std::uint32_t page_size, std::size_t max_messages);

  // ---- What the watch tells ----
  void OnSnapshot(MessagesSnapshot event);
  void OnResumed(const StreamPosition& position);
  void OnDelta(MessagesDelta event);
  void OnPartial(const PartialMessage& partial);
  void OnConnection(bool connected) { state_.connected = connected; }

  // ---- What the user wants ----
  // Nothing, if there are no older ones or they are on their way. False: the list is full.
  bool LoadOlder();
  // Looks again for what LoadOlder() waits for: not everything that arrives is announced.
  void LookAgain() { older_changed_ = true; }

  // ---- Pages ----
  // The page to read next; absent: nothing is needed. The same until it is answered or an event
  // changes it.
  [[nodiscard]] std::optional<PageRead> Wanted() const;
  void OnPage(const PageRead& read, MessagePage page);
  // The message that the page was to lie before is no longer there.
  void OnAnchorGone();

  // LoadOlder() waits for messages that have to be fetched.
  [[nodiscard]] bool IsWaiting() const { return wants_older_ && at_gap_; }
  // The list is true, so it may be told.
  [[nodiscard]] bool IsSettled() const { return state_.loaded && !stale_ && refill_ == 0; }
  [[nodiscard]] const ItemList<ViewMessage>& items() const { return window_.items(); }
  [[nodiscard]] ConversationViewState state() const;
  // What is the same as in the list that was told last becomes the same objects.
  void Share(const ItemList<ViewMessage>& told);

 private:
  // What a page of this revision said of these sequences. `pending`: and of everything without one.
  struct Known {
    std::uint64_t revision = 0;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    bool pending = false;
  };

  // The list begins again with the newest page.
  void Begin(std::vector<Message> messages, bool has_more, const std::optional<Gap>& gap_before,
             const std::optional<Gap>& gap_after, std::uint64_t total_count);
  void Extend(MessagePage page);
  void Upsert(Message message, std::uint64_t revision);
  // An event of `revision` about a message at `sequence` is older than what is known there.
  [[nodiscard]] bool IsOutdated(std::uint64_t sequence, std::uint64_t revision) const;
  void Advance(std::uint64_t revision);
  void Trim();

  const std::uint32_t page_size_;
  const std::size_t max_messages_;
  MessageWindow window_;
  ConversationViewState state_;
  std::vector<Known> known_;
  bool rebuilt_ = false;         // Since Share().
  bool stale_ = false;           // The list is not contiguous, or its order is doubtful.
  bool wants_older_ = false;     // LoadOlder(), until something came of it.
  bool at_gap_ = false;          // It came to a gap and waits for it to change.
  bool older_changed_ = false;   // Something happened before the list.
  std::size_t refill_ = 0;       // Older ones are to be read again: so many at most,
  std::uint64_t refill_to_ = 0;  // and down to this sequence.
};

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_CONVERSATION_MODEL_H_
