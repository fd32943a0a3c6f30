// What the events of the watched topics have in common: a place, and a snapshot of the list.

#ifndef HARK_DAEMON_IPC_TOPIC_EVENT_H_
#define HARK_DAEMON_IPC_TOPIC_EVENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "daemon/base/result.h"
#include "daemon/ipc/convert_conversation.h"
#include "daemon/ipc/tokens.h"
#include "daemon/ipc/watch_queue.h"
#include "daemon/ipc/watch_topic.h"
#include "daemon/store/reader.h"

namespace hark::ipc {

// `Response` is a v1::Watch…Response.
template <typename Response>
std::unique_ptr<Response> NewEvent(const std::string& store_id, const StreamPlace& place) {
  auto event = std::make_unique<Response>();
  event->set_revision(place.revision);
  event->set_resume_token(ResumeToken(store_id, place.resume));
  return event;
}

template <typename Response>
Result<WatchTopic::Snapshot> ReadListSnapshot(store::Reader& reader, const std::string& store_id,
                                              std::uint32_t size) {
  store::ConversationQuery query;
  query.limit = size;
  const Result<store::ConversationPage> page = reader.ListConversations(query);
  if (!page) return tl::unexpected(page.error());
  auto event = NewEvent<Response>(store_id, {page->revision, page->revision});
  auto* snapshot = event->mutable_snapshot();
  for (const Conversation& conversation : page->conversations) {
    ToProto(conversation, snapshot->add_conversations());
  }
  snapshot->set_total_count(page->total_count);
  return WatchTopic::Snapshot{std::move(event), page->revision, false};
}

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_TOPIC_EVENT_H_
