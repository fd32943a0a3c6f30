#include "tools/backend/import_line.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <google/protobuf/util/time_util.h>

#include "tools/backend/validation.h"

namespace hark::backend {
namespace {

namespace json = boost::json;

tl::unexpected<Error> Bad(std::string message) {
  return Fail(ErrorCode::kInvalid, std::move(message));
}

// A text field; empty if it is missing and may be.
Result<std::string> Text(const json::object& object, const char* name, bool required) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr) {
    if (required) return Bad(std::string("\"") + name + "\" is missing");
    return std::string();
  }
  if (!value->is_string()) return Bad(std::string("\"") + name + "\" is not a text");
  const json::string& text = value->get_string();
  return std::string(text.data(), text.size());
}

Result<wire::Role> ParseRole(const std::string& name) {
  if (name == "user") return wire::ROLE_USER;
  if (name == "assistant") return wire::ROLE_ASSISTANT;
  if (name == "system") return wire::ROLE_SYSTEM;
  return Bad("the role is not \"user\", \"assistant\" or \"system\"");
}

Result<void> ParseMetadata(const json::object& object, Message* message) {
  const json::value* const metadata = object.if_contains("metadata");
  if (metadata == nullptr) return {};
  if (!metadata->is_object()) return Bad("\"metadata\" is not an object");
  for (const auto& entry : metadata->get_object()) {
    if (!entry.value().is_string()) return Bad("a value in \"metadata\" is not a text");
    const json::string& value = entry.value().get_string();
    (*message->mutable_metadata())[std::string(entry.key())] =
        std::string(value.data(), value.size());
  }
  return {};
}

// A whole number, at least `least`; nothing if it is missing.
Result<std::optional<std::uint64_t>> Number(const json::object& object, const char* name,
                                            std::int64_t least) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr) return std::optional<std::uint64_t>();
  if (!value->is_int64() || value->get_int64() < least)
    return Bad(std::string("\"") + name + "\" is not a number of that kind");
  return std::optional<std::uint64_t>(static_cast<std::uint64_t>(value->get_int64()));
}

// What has become of a message since it was written.
Result<void> ParseLater(const json::object& object, Message* message) {
  const auto revision = Number(object, "revision", 1);
  if (!revision) return tl::unexpected<Error>(revision.error());
  if (*revision) message->set_revision(**revision);
  const auto edited_at = Text(object, "edited_at", false);
  if (!edited_at) return tl::unexpected<Error>(edited_at.error());
  using google::protobuf::util::TimeUtil;
  if (!edited_at->empty() && (!TimeUtil::FromString(*edited_at, message->mutable_edited_at()) ||
                              !IsValidTimestamp(message->edited_at()))) {
    return Bad("\"edited_at\" is not a time like 2026-01-31T12:00:00Z");
  }
  const json::value* const deleted = object.if_contains("deleted");
  if (deleted == nullptr) return {};
  if (!deleted->is_bool()) return Bad("\"deleted\" is not true or false");
  message->set_deleted(deleted->get_bool());
  return {};
}

Result<void> ParseActivity(const json::object& object, ImportedConversation* conversation) {
  const auto text = Text(object, "last_activity_at", false);
  if (!text) return tl::unexpected<Error>(text.error());
  if (text->empty()) return {};
  google::protobuf::Timestamp at;
  if (!google::protobuf::util::TimeUtil::FromString(*text, &at) || !IsValidTimestamp(at))
    return Bad("\"last_activity_at\" is not a time like 2026-01-31T12:00:00Z");
  conversation->created_at = FromTimestamp(at);
  return {};
}

Result<Message> ParseMessage(const json::value& value, const std::string& conversation_id,
                             std::size_t number) {
  if (!value.is_object()) return Bad("a message is not an object");
  const json::object& object = value.get_object();
  auto role_name = Text(object, "role", true);
  auto content = Text(object, "content", true);
  auto id = Text(object, "id", false);
  auto created_at = Text(object, "created_at", false);
  auto content_type = Text(object, "content_type", false);
  for (const auto* field : {&role_name, &content, &id, &created_at, &content_type}) {
    if (!*field) return tl::unexpected<Error>(field->error());
  }
  auto role = ParseRole(*role_name);
  if (!role) return tl::unexpected<Error>(role.error());
  Message message;
  message.set_conversation_id(conversation_id);
  message.set_id(id->empty() ? ImportedMessageId(conversation_id, number) : *id);
  message.set_role(*role);
  message.set_content(std::move(*content));
  message.set_content_type(std::move(*content_type));
  if (auto good = ParseMetadata(object, &message); !good) {
    return tl::unexpected<Error>(good.error());
  }
  using google::protobuf::util::TimeUtil;
  if (!created_at->empty() && !TimeUtil::FromString(*created_at, message.mutable_created_at())) {
    return Bad("\"created_at\" is not a time like 2026-01-31T12:00:00Z");
  }
  if (auto good = ParseLater(object, &message); !good) return tl::unexpected<Error>(good.error());
  if (auto good = CheckImportedMessage(message); !good) return tl::unexpected<Error>(good.error());
  return message;
}

}  // namespace

Result<ImportedConversation> ParseImportLine(std::string_view line) {
  json::error_code failed;
  const json::value value = json::parse({line.data(), line.size()}, failed);
  if (failed) return Bad("it is not valid JSON in UTF-8");
  if (!value.is_object()) return Bad("it is not a JSON object");
  const json::object& object = value.get_object();
  auto id = Text(object, "conversation_id", true);
  if (!id) return tl::unexpected<Error>(id.error());
  auto title = Text(object, "title", true);
  if (!title) return tl::unexpected<Error>(title.error());
  if (auto good = CheckId(*id, "the conversation id"); !good) {
    return tl::unexpected<Error>(good.error());
  }
  if (auto good = CheckTitle(*title); !good) return tl::unexpected<Error>(good.error());
  const json::value* const messages = object.if_contains("messages");
  if (messages == nullptr || !messages->is_array()) return Bad("\"messages\" is not a list");

  const auto read_sequence = Number(object, "read_sequence", 0);
  if (!read_sequence) return tl::unexpected<Error>(read_sequence.error());

  ImportedConversation conversation;
  conversation.read_sequence = *read_sequence;
  if (auto good = ParseActivity(object, &conversation); !good)
    return tl::unexpected<Error>(good.error());
  conversation.id = std::move(*id);
  conversation.title = std::move(*title);
  conversation.messages.reserve(messages->get_array().size());
  for (const json::value& element : messages->get_array()) {
    const std::size_t number = conversation.messages.size() + 1;
    auto message = ParseMessage(element, conversation.id, number);
    if (!message) {
      return Fail(message.error().code,
                  "message " + std::to_string(number) + ": " + message.error().message);
    }
    conversation.messages.push_back(std::move(*message));
  }
  return conversation;
}

}  // namespace hark::backend
