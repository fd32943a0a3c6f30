// What `hark tail` shows of the events of messages, of one conversation or of all: each message
// once, answers while they are being written, and what becomes of messages that were sent from
// here.

#ifndef HARK_TOOLS_HARK_MESSAGE_TAIL_H_
#define HARK_TOOLS_HARK_MESSAGE_TAIL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "hark/watch.h"
#include "tools/hark/json_line.h"
#include "tools/hark/output.h"

namespace hark::cli {

// One thread at a time.
class MessageTail {
 public:
  // `history`: how many messages of the first snapshot are shown.
  MessageTail(Output& output, std::size_t history, bool with_ids);

  // What follows is of another conversation than before; `title` is how people know it. Without
  // this, all is of one that needs no name.
  void Enter(const std::string& conversation_id, const std::string& title);
  void Show(const client::MessagesSnapshot& snapshot);
  void Show(const client::MessagesDelta& delta);
  void Show(const client::PartialMessage& partial);
  void Show(const client::Typing& typing);
  void ShowLost(const client::Error& error);
  // Ends a line that is still being written.
  void Close();

  // Messages shown that were not in the first snapshot.
  [[nodiscard]] std::uint64_t new_messages() const { return new_messages_; }

 private:
  // What was last shown of a message.
  struct Seen {
    client::Delivery delivery = client::Delivery::kUnknown;
    std::uint64_t revision = 0;
    bool deleted = false;
    std::string change;    // ChangeNote().
    std::size_t text = 0;  // A hash of the content.

    friend bool operator==(const Seen&, const Seen&) = default;
  };
  // Of what is no message: those name their conversation anyway.
  [[nodiscard]] JsonLine Event(std::string_view type) const;
  [[nodiscard]] static Seen Summary(const client::Message& message);

  void ShowMessage(const client::Message& message, bool snapshot);
  void ShowNewText(const client::Message& message);
  void ShowChange(const client::Message& message, const Seen& before);
  // This very version of it.
  [[nodiscard]] bool IsShown(const client::Message& message) const;
  // Remembers a bounded number of messages, the oldest are forgotten.
  void Remember(const client::Message& message);

  Output& output_;
  const std::size_t history_;
  const bool with_ids_;
  bool first_ = true;
  std::string conversation_id_;
  std::uint64_t new_messages_ = 0;
  std::unordered_map<std::string, Seen> seen_;
  std::deque<std::string> order_;
  // The answer that is being written at the end of the screen, and how much of its text is there.
  std::string partial_id_;
  std::string partial_shown_;
};

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_MESSAGE_TAIL_H_
