#include "tests/sim/model_backend.h"

#include <algorithm>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

namespace hark::sim {
namespace {

transport::Refused Refuse(transport::RequestId request, transport::RefusedCode code) {
  return {request, code, "No.", {}};
}

}  // namespace

// ---- What others do ----

void ModelBackend::Create(const ConversationId& id) {
  ModelConversation conversation;
  conversation.id = id;
  conversation.title = "About " + id.value();
  conversation.created_at = clock_.WallNow();
  conversations_.emplace(id, std::move(conversation));
  Log(id, 0, false);
}

MessageId ModelBackend::Post(const ConversationId& id, Role role, std::string content) {
  ModelConversation& conversation = conversations_.at(id);
  Message message;
  message.id = MessageId("b-" + std::to_string(++posted_));
  message.conversation = id;
  message.role = role;
  message.content = std::move(content);
  message.created_at = clock_.WallNow();
  message.sequence = conversation.messages.size() + 1;
  message.revision = 1;
  said_[message.id].push_back(message.content);
  places_[message.id] = {id, message.sequence};
  conversation.messages.push_back(message);
  Log(id, message.sequence, true);
  return message.id;
}

bool ModelBackend::EditElsewhere(const MessageId& id, std::string content) {
  Message* message = FindToChange(id);
  if (message == nullptr || message->deleted) return false;
  Change(*message, std::move(content), false);
  return true;
}

bool ModelBackend::DeleteElsewhere(const MessageId& id) {
  Message* message = FindToChange(id);
  if (message == nullptr || message->deleted) return false;
  Change(*message, {}, true);
  return true;
}

void ModelBackend::ReadElsewhere(const ConversationId& id, Sequence up_to) {
  ModelConversation& conversation = conversations_.at(id);
  const Sequence target = std::min<Sequence>(up_to, conversation.messages.size());
  if (target <= conversation.read_sequence) return;
  conversation.read_sequence = target;
  Log(id, 0, false);
}

// ---- What happens to it ----

void ModelBackend::ChangeEpoch() {
  epoch_ = "epoch-" + std::to_string(++epochs_);
  log_.clear();
  log_floor_ = 0;
}

void ModelBackend::DropOldest(const ConversationId& id, Sequence up_to) {
  ModelConversation& conversation = conversations_.at(id);
  // The newest one stays, so that the preview does.
  const Sequence most = conversation.messages.empty() ? 0 : conversation.messages.size() - 1;
  conversation.dropped = std::max(conversation.dropped, std::min(up_to, most));
}

std::set<MessageId> ModelBackend::RestoreFrom(const ModelBackend& copy) {
  std::set<MessageId> lost;
  for (const auto& [id, place] : places_) {
    if (!copy.places_.contains(id)) lost.insert(id);
  }
  const std::uint64_t epochs = epochs_;
  const std::uint64_t posted = posted_;
  conversations_ = copy.conversations_;
  places_ = copy.places_;
  first_contents_ = copy.first_contents_;
  posted_ = posted;
  epochs_ = epochs;
  ChangeEpoch();
  return lost;
}

// ---- The protocol ----

transport::Welcome ModelBackend::Greet(const transport::Hello& hello) const {
  transport::Welcome welcome;
  welcome.user = UserId("ada");
  welcome.session_id = "s";
  welcome.limits = {1'048'576, 65'536, 16, 8, 4};
  welcome.heartbeat = std::chrono::seconds(30);
  welcome.can_edit = true;
  welcome.can_delete = true;
  welcome.can_batch = batches;
  welcome.cursor = head();
  if (!hello.cursor) {
    welcome.resume = transport::Resume::kNoCursor;
  } else if (hello.cursor->epoch != epoch_ || hello.cursor->position > log_.size()) {
    welcome.resume = transport::Resume::kOtherEpoch;
  } else if (hello.cursor->position < log_floor_) {
    welcome.resume = transport::Resume::kTooOld;
  } else {
    welcome.resume = transport::Resume::kOk;
  }
  return welcome;
}

transport::ConversationPage ModelBackend::List(const transport::ListConversations& ask) const {
  // In the order of ids: a listing need not be a snapshot, and conversations that change meanwhile
  // are told of by the stream.
  transport::ConversationPage page;
  page.request = ask.request;
  page.total_count = conversations_.size();
  const std::size_t most = ask.page_size == 0 ? 3 : ask.page_size;
  auto next = ask.page_token.empty() ? conversations_.begin()
                                     : conversations_.upper_bound(ConversationId(ask.page_token));
  for (; next != conversations_.end() && page.conversations.size() < most; ++next)
    page.conversations.push_back(Summarise(next->second));
  if (next != conversations_.end()) page.next_page_token = page.conversations.back().id.value();
  return page;
}

std::variant<transport::History, transport::Refused> ModelBackend::Read(
    const transport::GetHistory& ask, std::uint32_t most) const {
  const auto found = conversations_.find(ask.conversation);
  if (found == conversations_.end()) return Refuse(ask.request, transport::RefusedCode::kNotFound);
  const ModelConversation& conversation = found->second;
  transport::History history;
  history.request = ask.request;
  history.conversation = ask.conversation;
  const Sequence last = conversation.messages.size();
  const Sequence top = std::min(last, ask.before - 1);
  if (top <= conversation.dropped) return history;  // Nothing on that side.
  const Sequence count = std::min<Sequence>({top - conversation.dropped, ask.page_size, most});
  const Sequence first = top - count + 1;
  history.has_more = first > conversation.dropped + 1;
  history.to = top;
  history.from = history.has_more ? first : 1;
  for (Sequence sequence = first; sequence <= top; ++sequence)
    history.messages.push_back(conversation.messages[sequence - 1]);
  return history;
}

std::variant<transport::Histories, transport::Refused> ModelBackend::ReadMany(
    const transport::GetHistories& ask, std::size_t pages, std::uint32_t most) const {
  if (!batches) return Refuse(ask.request, transport::RefusedCode::kUnsupported);
  transport::Histories answer{ask.request, {}};
  for (const transport::GetHistory& one : ask.asks) {
    if (answer.pages.size() == pages) break;
    auto read = Read(one, most);
    if (auto* page = std::get_if<transport::History>(&read)) {
      answer.pages.push_back(std::move(*page));
    } else {
      answer.pages.push_back({0, one.conversation, {}, 0, 0, true});
    }
  }
  return answer;
}

ModelBackend::Answer ModelBackend::Append(const transport::Append& request) {
  const Message& given = request.message;
  const auto known = first_contents_.find(given.id);
  if (known != first_contents_.end()) {
    const auto& [conversation, sequence] = places_.at(given.id);
    if (conversation != given.conversation || known->second != given.content)
      return Refuse(request.request, transport::RefusedCode::kConflict);
    return transport::Ack{request.request, given.id, "", sequence, 1};
  }
  const auto found = conversations_.find(given.conversation);
  if (found == conversations_.end())
    return Refuse(request.request, transport::RefusedCode::kNotFound);
  if (refuses && given.content.starts_with(kRefused))
    return Refuse(request.request, transport::RefusedCode::kPermission);
  ModelConversation& conversation = found->second;
  Message message;
  message.id = given.id;
  message.conversation = given.conversation;
  message.role = given.role;
  message.content = given.content;
  message.content_type = given.content_type;
  message.metadata = given.metadata;
  message.created_at = given.created_at;
  message.sequence = conversation.messages.size() + 1;
  message.revision = 1;
  first_contents_[message.id] = message.content;
  said_[message.id].push_back(message.content);
  places_[message.id] = {message.conversation, message.sequence};
  conversation.messages.push_back(message);
  Log(message.conversation, message.sequence, true);
  return transport::Ack{request.request, message.id, "", message.sequence, 1};
}

ModelBackend::Answer ModelBackend::Edit(const transport::Edit& request) {
  Message* message = FindToChange(request.message);
  if (message == nullptr) return Refuse(request.request, transport::RefusedCode::kNotFound);
  const bool repeated = message->revision == request.base_revision + 1 &&
                        message->content == request.content && !message->deleted;
  if (!repeated) {
    if (message->deleted || message->revision > request.base_revision)
      return Refuse(request.request, transport::RefusedCode::kConflict);
    message->revision = request.base_revision;
    Change(*message, request.content, false);
    message->edited_at = request.edited_at;
  }
  return transport::Ack{request.request, message->id, "", message->sequence, message->revision};
}

ModelBackend::Answer ModelBackend::Delete(const transport::Delete& request) {
  Message* message = FindToChange(request.message);
  if (message == nullptr) return Refuse(request.request, transport::RefusedCode::kNotFound);
  if (!message->deleted) {
    if (request.base_revision != 0 && message->revision > request.base_revision)
      return Refuse(request.request, transport::RefusedCode::kConflict);
    message->revision = std::max(message->revision, request.base_revision);
    Change(*message, {}, true);
  }
  return transport::Ack{request.request, message->id, "", message->sequence, message->revision};
}

ModelBackend::Answer ModelBackend::MarkRead(const transport::MarkRead& request) {
  if (!conversations_.contains(request.conversation))
    return Refuse(request.request, transport::RefusedCode::kNotFound);
  ReadElsewhere(request.conversation, request.read_sequence);
  return transport::Ack{request.request, {}, "", 0, 0};
}

transport::Changes ModelBackend::Stretch(const SyncCursor& from, std::size_t most,
                                         const std::set<ConversationId>& subscribed) const {
  transport::Changes changes;
  changes.from = from;
  changes.to = {from.epoch, std::min<std::uint64_t>(log_.size(), from.position + most)};
  for (std::uint64_t position = from.position; position < changes.to.position; ++position) {
    const LogEntry& entry = log_[position];
    const ModelConversation& conversation = conversations_.at(entry.conversation);
    if (entry.sequence > conversation.dropped &&
        (!entry.appended || subscribed.contains(entry.conversation))) {
      changes.changes.emplace_back(conversation.messages[entry.sequence - 1]);
    }
    changes.changes.emplace_back(Summarise(conversation));
  }
  return changes;
}

// ---- Helpers ----

const Message* ModelBackend::Find(const MessageId& id) const {
  const auto place = places_.find(id);
  if (place == places_.end()) return nullptr;
  return &conversations_.at(place->second.first).messages[place->second.second - 1];
}

bool ModelBackend::Dropped(const MessageId& id) const {
  const Message* message = Find(id);
  return message != nullptr &&
         message->sequence <= conversations_.at(message->conversation).dropped;
}

Message* ModelBackend::FindToChange(const MessageId& id) {
  return Dropped(id) ? nullptr : const_cast<Message*>(Find(id));
}

bool ModelBackend::EverSaid(const MessageId& id, const std::string& content) const {
  const auto said = said_.find(id);
  return said != said_.end() &&
         std::find(said->second.begin(), said->second.end(), content) != said->second.end();
}

ConversationSummary ModelBackend::Summarise(const ModelConversation& conversation) const {
  ConversationSummary summary;
  summary.id = conversation.id;
  summary.title = conversation.title;
  summary.last_sequence = conversation.messages.size();
  summary.read_sequence = conversation.read_sequence;
  summary.last_activity_at = conversation.messages.empty()
                                 ? conversation.created_at
                                 : conversation.messages.back().created_at;
  for (const Message& message : conversation.messages) {
    if (message.sequence <= conversation.dropped || message.deleted) continue;
    ++summary.message_count;
    if (message.sequence > conversation.read_sequence && message.role != Role::kUser)
      ++summary.unread_count;
    summary.preview = FirstCharacters(message.content, limits::kPreviewCharacters);
  }
  return summary;
}

void ModelBackend::Log(const ConversationId& id, Sequence sequence, bool appended) {
  log_.push_back({id, sequence, appended});
}

void ModelBackend::Change(Message& message, std::string content, bool deleted) {
  message.content = std::move(content);
  message.deleted = deleted;
  ++message.revision;
  message.edited_at = clock_.WallNow();
  said_[message.id].push_back(message.content);
  Log(message.conversation, message.sequence, false);
}

}  // namespace hark::sim
