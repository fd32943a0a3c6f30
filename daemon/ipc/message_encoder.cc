#include "daemon/ipc/message_encoder.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "hark/v1/types.pb.h"

#include "daemon/base/check.h"
#include "daemon/ipc/convert_message.h"
#include "daemon/ipc/convert_time.h"
#include "daemon/ipc/message_page.h"

namespace hark::ipc {
namespace {

enum WireType : std::uint32_t { kVarint = 0, kBytes = 2 };

constexpr std::size_t kLongestVarint = 10;

constexpr std::uint32_t Tag(int field, WireType type) {
  return (static_cast<std::uint32_t>(field) << 3) | type;
}

// Writes fields one after the other into room that is large enough. A field with its default value
// is left out, as in proto3.
class Fields {
 public:
  explicit Fields(char* begin) : begin_(begin), end_(begin) {}

  void Varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *end_++ = static_cast<char>(value | 0x80);
    *end_++ = static_cast<char>(value);
  }

  void Raw(std::string_view bytes) {
    std::memcpy(end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  void Number(int field, std::uint64_t value) {
    if (value == 0) return;
    Varint(Tag(field, kVarint));
    Varint(value);
  }

  void Text(int field, std::string_view text) {
    if (!text.empty()) Embedded(field, text);
  }

  // Also when it is empty: it is there.
  void Embedded(int field, std::string_view bytes) {
    Varint(Tag(field, kBytes));
    Varint(bytes.size());
    Raw(bytes);
  }

  [[nodiscard]] std::string_view bytes() const {
    return {begin_, static_cast<std::size_t>(end_ - begin_)};
  }

 private:
  char* const begin_;
  char* end_;
};

void WriteTime(int field, WallTime time, Fields& out) {
  google::protobuf::Timestamp timestamp;
  ToProto(time, &timestamp);
  char room[4 * kLongestVarint];
  Fields fields(room);
  fields.Number(google::protobuf::Timestamp::kSecondsFieldNumber,
                static_cast<std::uint64_t>(timestamp.seconds()));
  fields.Number(google::protobuf::Timestamp::kNanosFieldNumber,
                static_cast<std::uint64_t>(timestamp.nanos()));
  out.Embedded(field, fields.bytes());
}

void WriteMetadata(const Message& message, Fields& out) {
  for (const auto& [name, value] : message.metadata) {
    // Of a map's entry both fields are written, whatever they hold.
    std::string entry(name.size() + value.size() + 4 * kLongestVarint, '\0');
    Fields fields(entry.data());
    fields.Embedded(1, name);
    fields.Embedded(2, value);
    out.Embedded(v1::Message::kMetadataFieldNumber, fields.bytes());
  }
}

// What few messages have; protobuf does it.
void WriteTroubles(const Message& message, Fields& out) {
  if (!message.failure && !message.change) return;
  Message troubles;
  troubles.failure = message.failure;
  troubles.change = message.change;
  v1::Message proto;
  ToProto(troubles, &proto);
  if (proto.has_failure()) {
    out.Embedded(v1::Message::kFailureFieldNumber, proto.failure().SerializeAsString());
  }
  if (proto.has_pending_change()) {
    out.Embedded(v1::Message::kPendingChangeFieldNumber,
                 proto.pending_change().SerializeAsString());
  }
}

void Write(const Message& message, Fields& out) {
  using Proto = v1::Message;
  out.Text(Proto::kIdFieldNumber, message.id.value());
  out.Text(Proto::kConversationIdFieldNumber, message.conversation.value());
  out.Number(Proto::kRoleFieldNumber, static_cast<std::uint64_t>(ToProto(message.role)));
  out.Text(Proto::kContentFieldNumber, message.content);
  out.Text(Proto::kContentTypeFieldNumber, ShownContentType(message.content_type));
  WriteMetadata(message, out);
  WriteTime(Proto::kCreatedAtFieldNumber, message.created_at, out);
  if (message.edited_at) WriteTime(Proto::kEditedAtFieldNumber, *message.edited_at, out);
  out.Number(Proto::kSequenceFieldNumber, message.sequence);
  out.Number(Proto::kRevisionFieldNumber, message.revision);
  out.Text(Proto::kServerIdFieldNumber, message.server_id);
  out.Number(Proto::kDeletedFieldNumber, message.deleted ? 1 : 0);
  out.Number(Proto::kDeliveryFieldNumber, static_cast<std::uint64_t>(ToProto(message.delivery)));
  WriteTroubles(message, out);
}

}  // namespace

void AppendMessage(int field, const Message& message, std::string& out) {
  // The length comes before the message and is known after it.
  constexpr std::size_t kHead = 1 + kLongestVarint;
  const std::size_t begin = out.size();
  const std::size_t bound = EncodedSizeBound(message);
  out.resize(begin + kHead + bound);
  Fields body(out.data() + begin + kHead);
  Write(message, body);
  const std::size_t size = body.bytes().size();
  HARK_CHECK(size <= bound);
  Fields head(out.data() + begin);
  head.Varint(Tag(field, kBytes));
  head.Varint(size);
  const std::size_t head_size = head.bytes().size();
  std::memmove(out.data() + begin + head_size, body.bytes().data(), size);
  out.resize(begin + head_size + size);
}

}  // namespace hark::ipc
