#include "daemon/ipc/convert_outbox.h"

#include <string>

#include "daemon/ipc/convert_message.h"
#include "daemon/ipc/convert_time.h"
#include "daemon/ipc/tokens.h"

namespace hark::ipc {
namespace {

v1::OutboxEntry::Kind ToProto(OutboxKind kind) {
  switch (kind) {
    case OutboxKind::kSend: return v1::OutboxEntry::KIND_SEND;
    case OutboxKind::kEdit: return v1::OutboxEntry::KIND_EDIT;
    case OutboxKind::kDelete: return v1::OutboxEntry::KIND_DELETE;
    case OutboxKind::kMarkRead: break;  // In no page.
  }
  return v1::OutboxEntry::KIND_UNSPECIFIED;
}

void ToProto(const store::OutboxItem& item, v1::OutboxEntry* out) {
  const OutboxEntry& entry = item.entry;
  out->set_position(entry.position);
  out->set_kind(ToProto(entry.kind));
  out->set_conversation_id(entry.conversation.value());
  out->set_message_id(entry.message.value());
  out->set_delivery(ipc::ToProto(entry.delivery));
  if (item.failure) ipc::ToProto(*item.failure, out->mutable_failure());
  out->set_skipped(entry.skipped);
  ipc::ToProto(entry.submitted_at, out->mutable_submitted_at());
  if (entry.kind != OutboxKind::kDelete && item.message_is_here)
    out->set_content_type(std::string(ShownContentType(item.content_type)));
  out->set_preview(item.preview);
  out->set_preview_cut(item.preview_cut);
  out->set_message_is_here(item.message_is_here);
}

}  // namespace

void ToProto(const store::OutboxPage& page, v1::ListOutboxResponse* out) {
  for (const store::OutboxItem& item : page.items) ToProto(item, out->add_entries());
  if (page.next) out->set_next_page_token(OutboxToken(*page.next));
  out->set_total_count(page.total_count);
}

}  // namespace hark::ipc
