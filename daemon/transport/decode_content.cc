#include <cstddef>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/transport/decode_frames.h"
#include "daemon/transport/decode_values.h"

namespace hark::transport {
namespace {

constexpr std::size_t kPageTokenBytes = 1024;

// The page speaks for a range; its messages lie in it, oldest first, each of the page's
// conversation.
void RequireOrder(const History& history, Rules& rules) {
  rules.Require(history.from <= history.to, "a page ends after it begins");
  rules.Require((history.from == 0) == (history.to == 0), "a range has both of its ends");
  Sequence before = 0;
  for (const Message& message : history.messages) {
    rules.Require(message.conversation == history.conversation,
                  "a page has messages of one conversation");
    rules.Require(message.sequence > before, "a page is ordered by sequence");
    rules.Require(message.sequence >= history.from && message.sequence <= history.to,
                  "a page's messages lie in its range");
    before = message.sequence;
  }
}

}  // namespace

ConversationPage DecodeConversationPage(wire::ConversationPage&& page, Rules& rules) {
  ConversationPage decoded;
  decoded.request = page.request_id();
  decoded.conversations.reserve(static_cast<std::size_t>(page.conversations_size()));
  for (wire::Conversation& conversation : *page.mutable_conversations()) {
    decoded.conversations.push_back(DecodeConversation(std::move(conversation), rules));
    if (!rules.kept()) break;
  }
  rules.Require(page.next_page_token().size() <= kPageTokenBytes,
                "a page token has at most 1024 bytes");
  decoded.next_page_token = std::move(*page.mutable_next_page_token());
  decoded.total_count = DecodeNumber(page.total_count(), rules);
  decoded.total_messages = DecodeNumber(page.total_messages(), rules);
  return decoded;
}

History DecodeHistory(wire::History&& history, Rules& rules) {
  History decoded;
  decoded.request = history.request_id();
  decoded.conversation =
      ConversationId(DecodeId(std::move(*history.mutable_conversation_id()), rules));
  decoded.messages.reserve(static_cast<std::size_t>(history.messages_size()));
  for (wire::Message& message : *history.mutable_messages()) {
    decoded.messages.push_back(DecodeMessage(std::move(message), rules));
    if (!rules.kept()) break;
  }
  decoded.from = DecodeNumber(history.from_sequence(), rules);
  decoded.to = DecodeNumber(history.to_sequence(), rules);
  decoded.has_more = history.has_more();
  RequireOrder(decoded, rules);
  return decoded;
}

Histories DecodeHistories(wire::Histories&& histories, Rules& rules) {
  Histories decoded;
  decoded.request = histories.request_id();
  // As many as are asked for at most; each is larger here than it was in the frame.
  if (histories.pages_size() > static_cast<int>(limits::kPageSize)) {
    rules.Require(false, "an answer has at most 200 pages");
    return decoded;
  }
  decoded.pages.reserve(static_cast<std::size_t>(histories.pages_size()));
  for (wire::History& page : *histories.mutable_pages()) {
    decoded.pages.push_back(DecodeHistory(std::move(page), rules));
    if (!rules.kept()) break;
  }
  return decoded;
}

Changes DecodeChanges(wire::Changes&& changes, Rules& rules) {
  Changes decoded;
  decoded.from = DecodeCursor(std::move(*changes.mutable_from()), rules);
  decoded.to = DecodeCursor(std::move(*changes.mutable_to()), rules);
  rules.Require(decoded.from.epoch == decoded.to.epoch, "changes stay in one epoch");
  rules.Require(decoded.from.position <= decoded.to.position, "changes go forward");
  decoded.changes.reserve(static_cast<std::size_t>(changes.changes_size()));
  for (wire::Change& change : *changes.mutable_changes()) {
    if (change.has_conversation()) {
      decoded.changes.emplace_back(
          DecodeConversation(std::move(*change.mutable_conversation()), rules));
    } else if (change.has_message()) {
      decoded.changes.emplace_back(DecodeMessage(std::move(*change.mutable_message()), rules));
    }  // Otherwise a kind of change that this version does not know; the cursor passes it.
    if (!rules.kept()) break;
  }
  return decoded;
}

Ack DecodeAck(wire::Ack&& ack, Rules& rules) {
  // Without a message it answers MarkRead.
  std::string& id = *ack.mutable_message_id();
  rules.Require(id.size() <= limits::kIdBytes, "an id has 1 to 128 bytes");
  rules.Require(id.empty() || (ack.sequence() > 0 && ack.revision() > 0),
                "an acknowledged message has a sequence and a revision");
  return Ack{
      .request = ack.request_id(),
      .message = MessageId(std::move(id)),
      .server_id = CutTo(std::move(*ack.mutable_server_id()), limits::kIdBytes),
      .sequence = DecodeNumber(ack.sequence(), rules),
      .revision = DecodeNumber(ack.revision(), rules),
  };
}

ServerFrame DecodeEphemeral(wire::Ephemeral&& ephemeral, Rules& rules) {
  if (!ephemeral.has_typing() && !ephemeral.has_partial()) return UnknownFrame{};
  ConversationId conversation(DecodeId(std::move(*ephemeral.mutable_conversation_id()), rules));
  if (ephemeral.has_typing()) {
    return Typing{
        .conversation = std::move(conversation),
        .role = DecodeRole(ephemeral.typing().role()),
        .active = ephemeral.typing().active(),
    };
  }
  wire::Partial& partial = *ephemeral.mutable_partial();
  rules.Require(partial.text().size() <= limits::kContentBytes,
                "a message has at most 64 KiB of content");
  return Partial{
      .conversation = std::move(conversation),
      .message = MessageId(DecodeId(std::move(*partial.mutable_message_id()), rules)),
      .role = DecodeRole(partial.role()),
      .offset = DecodeNumber(partial.offset(), rules),
      .text = std::move(*partial.mutable_text()),
  };
}

}  // namespace hark::transport
