#include "tools/backend/responder.h"

#include <spdlog/spdlog.h>

#include "tools/backend/limits.h"
#include "tools/backend/random.h"
#include "tools/backend/utf8.h"

namespace hark::backend {

std::vector<std::string> SplitIntoPieces(const std::string& text, std::size_t max_pieces) {
  const std::size_t smallest = text.size() / max_pieces + 1;
  std::vector<std::string> pieces;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::size_t end = rest.find(' ', smallest - 1);
    end = end == std::string_view::npos ? rest.size() : end + 1;
    pieces.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return pieces;
}

EchoResponder::EchoResponder(Store& store, Hub& hub, const Clock& clock, Scheduler& scheduler,
                             std::chrono::milliseconds delay_per_piece)
    : store_(store), hub_(hub), clock_(clock), scheduler_(scheduler), delay_(delay_per_piece) {}

void EchoResponder::OnUserMessage(const UserId& user, const Message& message) {
  const Key key(user, message.conversation_id());
  auto& queue = queues_[key];
  if (queue.size() >= kMaxResponderQueue) {
    spdlog::warn("responder queue-full message={} left-unanswered", message.id());
    return;
  }
  Answer answer;
  answer.message.set_id(UuidV7(clock_.Now()));
  answer.message.set_conversation_id(message.conversation_id());
  answer.message.set_role(wire::ROLE_ASSISTANT);
  const std::string content = "You said: " + message.content();
  answer.message.set_content(std::string(Utf8PrefixBytes(content, kMaxContentBytes)));
  answer.pieces = SplitIntoPieces(answer.message.content(), kMaxResponderPieces);
  queue.push_back(std::move(answer));
  if (queue.size() == 1) Begin(key);
}

void EchoResponder::SendTyping(const Key& key, bool active) {
  wire::Ephemeral ephemeral;
  ephemeral.set_conversation_id(key.second);
  ephemeral.mutable_typing()->set_role(wire::ROLE_ASSISTANT);
  ephemeral.mutable_typing()->set_active(active);
  hub_.SendEphemeral(key.first, ephemeral);
}

void EchoResponder::Begin(const Key& key) {
  SendTyping(key, true);
  scheduler_.After(delay_, [this, key] { Step(key); });
}

void EchoResponder::Step(const Key& key) {
  Answer& answer = queues_[key].front();
  if (answer.next_piece == answer.pieces.size()) {
    Finish(key);
    return;
  }
  const std::string& piece = answer.pieces[answer.next_piece];
  wire::Ephemeral ephemeral;
  ephemeral.set_conversation_id(key.second);
  wire::Partial& partial = *ephemeral.mutable_partial();
  partial.set_message_id(answer.message.id());
  partial.set_role(wire::ROLE_ASSISTANT);
  partial.set_offset(answer.offset);
  partial.set_text(piece);
  answer.offset += piece.size();
  ++answer.next_piece;
  hub_.SendEphemeral(key.first, ephemeral);
  scheduler_.After(delay_, [this, key] { Step(key); });
}

void EchoResponder::Finish(const Key& key) {
  auto& queue = queues_[key];
  const auto stored = store_.Append(key.first, queue.front().message);
  if (!stored) {
    spdlog::error("responder append-failed message={} reason=\"{}\"", queue.front().message.id(),
                  stored.error().message);
  }
  queue.pop_front();
  const bool more = !queue.empty();
  if (!more) queues_.erase(key);
  if (stored) hub_.LogGrown(key.first);
  SendTyping(key, false);
  if (more) Begin(key);
}

}  // namespace hark::backend
