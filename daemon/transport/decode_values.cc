#include "daemon/transport/decode_values.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

namespace hark::transport {
namespace {

constexpr std::size_t kEpochBytes = 64;
// The longest type and subtype that RFC 6838 allows.
constexpr std::size_t kContentTypeBytes = 255;
constexpr std::size_t kSentenceBytes = 256;

constexpr std::int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr std::int32_t kNanosPerSecond = 1'000'000'000;
constexpr std::int32_t kNanosPerMillisecond = 1'000'000;

std::map<std::string, std::string> DecodeMetadata(
    google::protobuf::Map<std::string, std::string>& metadata, Rules& rules) {
  rules.Require(metadata.size() <= limits::kMetadataEntries, "metadata has at most 32 entries");
  if (!rules.kept()) return {};
  std::map<std::string, std::string> decoded;
  std::size_t bytes = 0;
  for (auto& [name, value] : metadata) {
    bytes += name.size() + value.size();
    decoded.emplace(name, std::move(value));
  }
  rules.Require(bytes <= limits::kMetadataBytes, "metadata has at most 4 KiB");
  return decoded;
}

}  // namespace

std::string DecodeId(std::string&& id, Rules& rules) {
  rules.Require(!id.empty() && id.size() <= limits::kIdBytes, "an id has 1 to 128 bytes");
  return std::move(id);
}

std::uint64_t DecodeNumber(std::uint64_t number, Rules& rules) {
  constexpr std::uint64_t kHighest = std::numeric_limits<std::int64_t>::max();
  rules.Require(number <= kHighest, "a number is below 2^63");
  return number;
}

WallTime DecodeTime(const google::protobuf::Timestamp& time, Rules& rules) {
  bool valid = time.seconds() >= kFirstSecond && time.seconds() <= kLastSecond &&
               time.nanos() >= 0 && time.nanos() < kNanosPerSecond;
  rules.Require(valid, "a time lies in the years 1 to 9999");
  if (!valid) return WallTime{};
  return WallTime{std::chrono::seconds{time.seconds()} +
                  std::chrono::milliseconds{time.nanos() / kNanosPerMillisecond}};
}

std::optional<WallTime> DecodeOptionalTime(bool present, const google::protobuf::Timestamp& time,
                                           Rules& rules) {
  if (!present) return std::nullopt;
  return DecodeTime(time, rules);
}

Role DecodeRole(wire::Role role) {
  // The wire may carry any number, so this is no switch.
  if (role == wire::ROLE_USER) return Role::kUser;
  if (role == wire::ROLE_ASSISTANT) return Role::kAssistant;
  if (role == wire::ROLE_SYSTEM) return Role::kSystem;
  return Role::kUnspecified;
}

SyncCursor DecodeCursor(wire::Cursor&& cursor, Rules& rules) {
  std::string& epoch = *cursor.mutable_epoch();
  auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  rules.Require(!epoch.empty() && epoch.size() <= kEpochBytes &&
                    std::all_of(epoch.begin(), epoch.end(), is_ascii),
                "an epoch has 1 to 64 bytes of ASCII");
  return SyncCursor{.epoch = std::move(epoch), .position = DecodeNumber(cursor.position(), rules)};
}

Message DecodeMessage(wire::Message&& message, Rules& rules) {
  Message decoded;
  decoded.id = MessageId(DecodeId(std::move(*message.mutable_id()), rules));
  decoded.conversation =
      ConversationId(DecodeId(std::move(*message.mutable_conversation_id()), rules));
  decoded.role = DecodeRole(message.role());
  // Refused, one long message would keep all the others away.
  if (!message.deleted())
    decoded.content = CutTo(std::move(*message.mutable_content()), limits::kContentBytes);
  decoded.content_type = CutTo(std::move(*message.mutable_content_type()), kContentTypeBytes);
  decoded.metadata = DecodeMetadata(*message.mutable_metadata(), rules);
  decoded.created_at = DecodeTime(message.created_at(), rules);
  decoded.edited_at = DecodeOptionalTime(message.has_edited_at(), message.edited_at(), rules);
  rules.Require(message.sequence() > 0, "a message has a sequence above 0");
  rules.Require(message.revision() > 0, "a message has a revision above 0");
  decoded.sequence = DecodeNumber(message.sequence(), rules);
  decoded.revision = DecodeNumber(message.revision(), rules);
  decoded.server_id = CutTo(std::move(*message.mutable_server_id()), limits::kIdBytes);
  decoded.deleted = message.deleted();
  decoded.delivery = Delivery::kSent;
  return decoded;
}

ConversationSummary DecodeConversation(wire::Conversation&& conversation, Rules& rules) {
  ConversationSummary decoded;
  decoded.id = ConversationId(DecodeId(std::move(*conversation.mutable_id()), rules));
  decoded.title = CutTo(std::move(*conversation.mutable_title()), limits::kTitleBytes);
  decoded.last_sequence = DecodeNumber(conversation.last_sequence(), rules);
  decoded.message_count = DecodeNumber(conversation.message_count(), rules);
  decoded.read_sequence = DecodeNumber(conversation.read_sequence(), rules);
  decoded.unread_count = DecodeNumber(conversation.unread_count(), rules);
  decoded.last_activity_at = DecodeTime(conversation.last_activity_at(), rules);
  std::string& preview = *conversation.mutable_preview();
  preview.resize(FirstCharacters(preview, limits::kPreviewCharacters).size());
  decoded.preview = std::move(preview);
  return decoded;
}

std::string CutTo(std::string&& text, std::size_t bytes) {
  if (text.size() > bytes) text.resize(FirstBytes(text, bytes).size());
  return std::move(text);
}

std::string DecodeSentence(std::string&& text) {
  std::string sentence = CutTo(std::move(text), kSentenceBytes);
  auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(sentence.begin(), sentence.end(), is_control, ' ');
  return sentence;
}

}  // namespace hark::transport
